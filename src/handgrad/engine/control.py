"""The block of integers that each thread runs by, and the form of an instruction."""

WIDTH = 24
"""Words of an instruction: the kernel's address, then what it reads."""

(
    PROGRAM,  # address of the thread's instructions
    INSTRUCTIONS,  # how many there are
    STEPS,  # how many steps to run
    STEP,  # the step at hand, from 0
    FIRST,  # how many updates were made before these steps
    BARRIER,  # address of the counter that the threads share
    GENERATION,  # how many barriers this thread has passed
    THREADS,  # how many threads run the program
    YIELD,  # address of sched_yield; 0: there is none
    CLOCK,  # address of clock_gettime; 0: there is none
    CLOCK_ID,  # the number of its steady clock
    X,  # address of the examples [N][…], row-major
    Y,  # address of the classes int64 [N] or targets [N][…]
    ORDER,  # address of the order int64 [m]
    SHARES,  # address of how much each example counts, float64 [m]; 0: all of them SHARE
    SHARE,  # the bits of that float64
    MOVES,  # address of the moves int64 [m][3]; 0: none
    RATES,  # address of the rates float64 [steps]
    LOSSES,  # address of the losses float64 [steps][threads]
    HITS,  # address of the right classes int64 [steps][threads]
    THREAD,  # which thread it is, from 0
    OUT,  # address of what is written out
    GEMM,  # address of cblas_?gemm
    SEED,  # the seed of the dropouts
    STOP,  # 1: something was wrong with the data, nothing has been changed by this step
    WAITS,  # nanoseconds that the thread has waited at barriers
    AT_BARRIER,  # the address of the barrier's kernel
    EXAMPLES,  # how many examples there are, where each has a gradient of its own
    SKIPPED,  # how many of them came before the first step
    RUNNER,  # the address of the kernel that runs programs
) = range(30)

SIZE = 64

FLAG = 1
"""The word behind the barrier's counter that stops all threads at the next barrier."""

NONE = -(1 << 62)
"""A word in place of an offset: there is no such array."""

(
    GO,  # how much work has been put in
    DONE,  # how much has been done
    ASLEEP,  # 1: the worker has to be woken
    BASE,  # the work: the address of its arrays' base,
    BLOCK,  # the block that it runs by,
    RUN,  # and the kernel to run
    LAST,  # how much work the worker has seen
) = range(7)
"""A worker's mailbox."""

(
    ASLEEP_ONES,  # 1: some worker has to be woken
    CROWDED,  # 1: the threads have spent more time at barriers than they may
    FIRST_MAIL,  # then for each worker the address of its mailbox, and of the block that it runs by
) = range(3)
"""A roster: who runs the programs of a network together."""
