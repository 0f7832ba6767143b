# Broken variants of libclient: a text of its source is replaced, and a test must fail because of
# it. A text that is no longer there fails the configuration: no variant silently becomes the
# original.
#
# client_mutant(<name>
#   TESTS <objects> FAILS <test> SAYS <its output>
#   SOURCE <to compile> [CHANGES <header>] OLD <text> NEW <text>)
include(${PROJECT_SOURCE_DIR}/cmake/replace_text.cmake)
function(client_mutant name)
  cmake_parse_arguments(PARSE_ARGV 1 "" "" "TESTS;FAILS;SAYS;SOURCE;CHANGES;OLD;NEW" "")
  set(from ${PROJECT_SOURCE_DIR}/libclient/src)
  set(to ${CMAKE_CURRENT_BINARY_DIR}/mutants/${name})
  if(_CHANGES)  # the source beside the header includes it before libclient's own
    replace_text(${from}/${_CHANGES} ${to}/${_CHANGES} "${_OLD}" "${_NEW}")
    configure_file(${from}/${_SOURCE} ${to}/${_SOURCE} COPYONLY)
  else()
    replace_text(${from}/${_SOURCE} ${to}/${_SOURCE} "${_OLD}" "${_NEW}")
  endif()
  # Its object comes before the library, whose own one is then not needed.
  set(program client_mutant_${name})
  add_executable(${program} ${to}/${_SOURCE})
  target_compile_options(${program} PRIVATE -w)
  target_include_directories(${program} PRIVATE ${from})
  target_compile_definitions(${program} PRIVATE E6_CLIENT_VERSION="${PROJECT_VERSION}")
  target_link_libraries(${program} PRIVATE
    ${_TESTS} client_scene e6::client e6::proto e6_sim_engine gRPC::grpc++ spdlog::spdlog
    nlohmann_json::nlohmann_json GTest::gmock GTest::gtest GTest::gtest_main Threads::Threads)
  # Not the exit status: a variant that crashes has not been caught.
  add_test(NAME ClientMutant.${name}_is_caught COMMAND ${program} --gtest_filter=${_FAILS})
  set_tests_properties(ClientMutant.${name}_is_caught PROPERTIES
    TIMEOUT 60 PASS_REGULAR_EXPRESSION "${_SAYS}.*1 FAILED TEST")
endfunction()

client_mutant(session_id_in_a_log_line TESTS client_secrets_tests
  FAILS LogTest.no_credential_session_or_statement_is_ever_logged_or_put_into_a_segment
  SAYS "log_test.cc:[0-9]+: Failure"
  SOURCE session.cc
  OLD [["{}: session on {} opened", target_, ]]
  NEW [["{}: session {} on {} opened", target_, session->id, ]])
client_mutant(session_id_in_the_segment TESTS client_secrets_tests
  FAILS ObservationTest.no_credential_session_or_statement_is_in_logs_records_events_or_segments
  SAYS "observation_test.cc:[0-9]+: Failure"
  SOURCE run.cc CHANGES link.h
  OLD "host().bind(query.ticket, query.id, query.engine)"
  NEW "host().bind(query.ticket, query.id, query.session->id)")
client_mutant(session_id_told_to_the_observer TESTS client_secrets_tests
  FAILS ObservationTest.no_credential_session_or_statement_is_in_logs_records_events_or_segments
  SAYS "observation_test.cc:[0-9]+: Failure"
  SOURCE link.cc
  OLD "on_call(CallRecord{target_, "
  NEW "on_call(CallRecord{(lane(sent.strategy).session() ? lane(sent.strategy).session()->id
                                                            : target_), ")
client_mutant(session_id_in_an_error TESTS client_secrets_tests
  FAILS SecretsTest.every_credential_and_every_session_of_the_connection_is_blotted_out_in_any_call
  SAYS "secrets_test.cc:[0-9]+: Failure"
  SOURCE failure.cc
  OLD "if (each != nullptr) secrets.push_back(each->id)"
  NEW "(void)each")
client_mutant(stop_callback_is_left_behind TESTS client_stop_tests
  FAILS StopCallbackTest.a_call_that_succeeds_leaves_none
  SAYS "fetch left a callback behind"
  SOURCE channel_query.cc CHANGES channel_stubs.h
  OLD "on_stop.emplace(*head.stop, Cancel{context})"
  NEW "new std::stop_callback<Cancel>(*head.stop, Cancel{context})")
client_mutant(metadata_go_out_twice TESTS client_metadata_tests
  FAILS MetadataOrderTest.stand_once_in_each_call_in_the_order_of_their_names
  SAYS "metadata_order_test.cc:[0-9]+: Failure"
  SOURCE channel.cc
  OLD [[context.AddMetadata("cluster-name", options.cluster_name)]]
  NEW [[context.AddMetadata("cluster-name", ""),
        context.AddMetadata("cluster-name", options.cluster_name)]])
