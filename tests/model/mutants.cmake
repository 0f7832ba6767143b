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
