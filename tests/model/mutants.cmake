# What the checker must notice: each of these takes one guard out of a real source. The scenario and the violation that it must end in are named.

model_mutant(ring_claim_without_acquire event_ring no_half_event_is_read_while_writers_overtake_each_other "a half event was read"
  "old, mine | kWriting, std::memory_order_acquire, std::memory_order_relaxed" "old, mine | kWriting, std::memory_order_relaxed")
model_mutant(ring_claim_without_fence event_ring no_half_event_is_read_while_writers_overtake_each_other "a half event was read"
  "std::atomic_thread_fence(std::memory_order_release);" "")
model_mutant(ring_written_without_release event_ring no_half_event_is_read_while_writers_overtake_each_other "a half event was read"
  "s.claim.store(mine, std::memory_order_release);" "s.claim.store(mine, std::memory_order_relaxed);")
model_mutant(ring_reader_without_second_look event_ring no_half_event_is_read_while_writers_overtake_each_other "a half event was read"
  "return s.claim.load(relaxed) == claim;" "return true;")
model_mutant(ring_reaper_without_release event_ring a_killed_writers_place_is_used_again_and_no_half_event_is_read "a half event was read"
  "claim, 0, std::memory_order_release, std::memory_order_relaxed" "claim, 0, std::memory_order_relaxed")
model_mutant(ring_takes_a_place_in_use event_ring no_half_event_is_read_while_writers_overtake_each_other "a stopped writer lost its place"
  "if ((old & kWriting) != 0 || old >> 16 > position + 1) continue;" "")

model_mutant(lease_fence_stands_still lease one_holder_counts_whoever_dies_or_comes_late "fences do not count grants"
  "mine.fence = old.fence + 1;" "mine.fence = old.fence;")
model_mutant(lease_late_holder_gives_back lease one_holder_counts_whoever_dies_or_comes_late "somebody gave back what he did not hold"
  "while (same_grant(seen, word));" "while (layout::unpack_lease(seen).holder != 0);")
model_mutant(lease_given_back_without_release lease whoever_sees_the_lease_given_back_sees_how_it_ended "the lease was given back before its answer could be seen"
  "seen, layout::pack(freed), std::memory_order_acq_rel" "seen, layout::pack(freed), std::memory_order_relaxed")
model_mutant(lease_without_wake_up lease waiters_wake_up_and_get_the_answer_they_waited_for "a waiter slept through the news"
  "os::futex_wake_all(lease.news);" "")

model_mutant(commit_looks_for_the_event_first commit each_change_leaves_one_event_when_its_maker_dies_and_another_goes_on "a change left no event"
  "return somebody_went_on_from(segment, meant) || has_event_from(segment, epoch_of(meant), colour(meant.active));"
  "return has_event_from(segment, epoch_of(meant), colour(meant.active)) || somebody_went_on_from(segment, meant);")
model_mutant(commit_without_witness commit each_change_leaves_one_event_when_its_maker_dies_and_another_goes_on "a change left no event"
  "return somebody_went_on_from(segment, meant) || has_event_from(segment, epoch_of(meant), colour(meant.active));" "return false;")
model_mutant(commit_two_of_one_change_are_two event_ring a_change_that_two_meant_and_one_made_is_one_event "a change left two events"
  "if (!change || changes" "if (!change || true || changes")
model_mutant(commit_a_witness_of_any_colour event_ring the_event_of_a_change_tells_the_colour_of_whoever_made_it "a change left two events"
  "e.epoch != epoch && active_before(e) == active" "e.epoch != epoch && (active_before(e) == active || true)")
model_mutant(commit_recovers_what_is_recorded commit each_change_leaves_one_event_when_its_maker_dies_and_another_goes_on "a change left two events"
  "if (has_event_to(segment, epoch_of(meant))) return false;" "")
model_mutant(commit_recovers_what_was_not_done commit each_change_leaves_one_event_when_its_maker_dies_and_another_goes_on "a change left two events"
  "if (was_committed(*a.segment, after)) {" "{")

model_mutant(pin_use_without_fence pins nobody_finds_the_parts_of_two_queries_as_one "a query was found with another one's epoch"
  "    // the new use must be seen before any of its bytes; pairs with the fence in read_bound\n    std::atomic_thread_fence(std::memory_order_release);\n" "")
model_mutant(pin_bind_without_fence pins nobody_finds_half_of_a_query_that_another_thread_binds "a query was found with another one's engine"
  "  // again, because it may be another thread that binds than the one that began; pairs with the fence in read_bound\n  std::atomic_thread_fence(std::memory_order_release);\n" "")
model_mutant(pin_colour_from_before_the_copy pins nobody_finds_the_parts_of_two_queries_as_one "a query was found with another one's colour"
  "if (read_bound(body, g.states[i], pin) &&" "if (read_bound(body, g.states[i], pin) && (pin.state = seen) != 0 &&")
model_mutant(pin_bound_without_release pins nobody_finds_the_parts_of_two_queries_as_one "a query was found with another one's engine"
  "state.compare_exchange_strong(seen, bound, std::memory_order_release, relaxed)" "state.compare_exchange_strong(seen, bound, relaxed)")
model_mutant(pin_ends_any_use pins a_query_ends_once_whoever_ends_it "a query was ended by an old claim"
  "while (layout::pin_generation(seen) == generation_of(claim) && layout::pin_phase(seen)" "while (layout::pin_phase(seen)")

model_mutant(totals_without_second_look_at_armed totals a_reader_counts_a_leaver_once "a reader counted a leaver twice"
  "j.armed.load(std::memory_order_acquire) == armed && " "")
model_mutant(totals_redo_without_fence totals a_reader_counts_a_leaver_once_when_the_fold_is_finished_by_another "a reader counted a leaver twice"
  "    // readers must see it armed before any of this, whoever armed it; pairs with the fence in sum_counters\n    std::atomic_thread_fence(std::memory_order_release);\n" "")
model_mutant(totals_folded_twice totals a_reader_counts_a_leaver_once "a reader counted a leaver twice"
  "const bool folding = armed != 0 &&" "const bool folding = false &&")

model_mutant(slots_without_reaping_mark participants a_reaper_that_is_killed_is_repaired_and_nothing_is_told_twice "a participant's going was not told once"
  "if (!has_event_by(*a.segment, how, slot, incarnation)) {" "{")
model_mutant(slots_repair_does_nothing repair a_participant_goes_once_wherever_it_is_killed_while_it_leaves "a fold was left armed"
  "finish_fold(a);" "")

model_mutant(retire_mark_without_release commit a_change_lands_before_the_mark_or_its_maker_sees_the_mark "the mark was seen before what was made ready for it"
  "if (after == before || word.compare_exchange_weak(before, after, std::memory_order_acq_rel, std::memory_order_acquire))"
  "if (after == before || word.compare_exchange_weak(before, after, std::memory_order_relaxed))")
model_mutant(retire_mark_overwritten commit a_change_lands_before_the_mark_or_its_maker_sees_the_mark "a change landed behind the mark"
  "if (!word.compare_exchange_weak(before, after, std::memory_order_acq_rel, std::memory_order_acquire)) continue;"
  "word.store(after, std::memory_order_release);")

model_mutant(lock_turn_not_looked_at_again host_lock owners_never_meet_wherever_one_is_killed_and_however_late_its_files_are_closed "two processes met in the mutex"
  "!died && lock.turn.load(std::memory_order_acquire) == turn)" "!died)")
model_mutant(lock_turn_looked_at_before_the_mutex host_lock owners_never_meet_wherever_one_is_killed_and_however_late_its_files_are_closed "two processes met in the mutex"
  "const bool died = layout::turn_entered(turn) && os::owner_died(lock.mutex);\n    // acquire: not before the look at the mutex\n    if (got == os::Locked::kYes && !died && lock.turn.load(std::memory_order_acquire) == turn) return true;"
  "const bool same = lock.turn.load(std::memory_order_acquire) == turn;\n    const bool died = layout::turn_entered(turn) && os::owner_died(lock.mutex);\n    if (got == os::Locked::kYes && !died && same) return true;")
model_mutant(lock_entered_past_a_mark host_lock owners_never_meet_wherever_one_is_killed_and_however_late_its_files_are_closed "two processes met in the mutex"
  "const bool died = layout" "const bool died = got != os::Locked::kYes && layout")
model_mutant(lock_mark_answered_twice host_lock owners_never_meet_wherever_one_is_killed_and_however_late_its_files_are_closed "a process could not have the lock"
  "layout::turn_entered(turn) && os" "os")
model_mutant(lock_mark_not_answered host_lock nobody_waits_for_the_files_of_an_owner_who_died_inside "a process waited for the files of an owner who died inside"
  "const bool died = layout" "const bool died = got == os::Locked::kYes && layout")
model_mutant(lock_entering_not_said host_lock nobody_waits_for_the_files_of_an_owner_who_died_inside "a process waited for the files of an owner who died inside"
  "if (!layout::turn_entered(turn))" "if (false)")
