# Entry points of the runtime that need registers as the verified caller left them, and the way from
# the runtime into verified code.
#
# Everything here runs with rsp = 16n+8 on entry, as after any call. The layout of the register block
# is stdlib/runtime/unwind.h, struct Registers.

        .set REG_RBX, 0
        .set REG_RBP, 8
        .set REG_R12, 16
        .set REG_R13, 24
        .set REG_R14, 32
        .set REG_R15, 40
        .set REG_RSP, 48            # address of the return address
        .set REG_PC, 56
        .set BLOCK, 72              # size, and keeps the stack aligned

        .macro ENTRY name
        .globl  \name
        .type   \name, @function
        .p2align 4
\name:
        .cfi_startproc
        .endm

        .macro END name
        .cfi_endproc
        .size   \name, . - \name
        .endm

        .macro SAVE reg
        pushq   %\reg
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset \reg, 0
        .endm

        .macro RESTORE reg
        popq    %\reg
        .cfi_adjust_cfa_offset -8
        .cfi_restore \reg
        .endm

        .text

# __tal_raise(exn): `raise` of the program, which may raise an exception again that a handler has let pass.
ENTRY __tal_raise
        xorl    %edx, %edx
        jmp     poprt_raise
        END     __tal_raise

# Stores the callee-saved registers, lets the unwinder find the landing pad and goes there with rax = exn.
# rdi = exn, edx = 1 if it is raised for the first time for certain; the stack as at the call, but that the "call" of a trap site
# (traps.cpp) may have been made with any alignment.
ENTRY poprt_raise
        movq    %rsp, %rax
        subq    $BLOCK, %rsp
        .cfi_adjust_cfa_offset BLOCK
        andq    $-16, %rsp
        movq    %rbx, REG_RBX(%rsp)
        movq    %rbp, REG_RBP(%rsp)
        movq    %r12, REG_R12(%rsp)
        movq    %r13, REG_R13(%rsp)
        movq    %r14, REG_R14(%rsp)
        movq    %r15, REG_R15(%rsp)
        movq    %rax, REG_RSP(%rsp)
        movq    (%rax), %rax
        movq    %rax, REG_PC(%rsp)
        movq    %rsp, %rsi
        call    poprt_unwind        # (exception, registers, is_new) -> exception; does not return when uncaught
        movq    REG_RBX(%rsp), %rbx
        movq    REG_RBP(%rsp), %rbp
        movq    REG_R12(%rsp), %r12
        movq    REG_R13(%rsp), %r13
        movq    REG_R14(%rsp), %r14
        movq    REG_R15(%rsp), %r15
        movq    REG_PC(%rsp), %rcx
        movq    REG_RSP(%rsp), %rsp
        jmpq    *%rcx
        END     poprt_raise

# The exception that a native has noted; reached by a jump from its stub, after its return.
ENTRY poprt_raise_pending
        movq    poprt_pending(%rip), %rdi
        movq    $0, poprt_pending(%rip)
        movl    $1, %edx
        jmp     poprt_raise
        END     poprt_raise_pending

        .macro RAISE_BUILTIN name, exception
ENTRY \name
        leaq    \exception(%rip), %rdi
        movl    $1, %edx
        jmp     poprt_raise
        END     \name
        .endm

        RAISE_BUILTIN __tal_raise_null, poprt_null_pointer_value
        RAISE_BUILTIN __tal_raise_bounds, poprt_array_bounds_value
        RAISE_BUILTIN __tal_raise_div, poprt_divide_by_zero_value
        RAISE_BUILTIN __tal_raise_variant, poprt_union_variant_value

# __tal_new(desc) and __tal_newarray(desc, n, init): null from the allocator means that an exception
# has been noted.
        .macro ALLOCATE name, body
ENTRY \name
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8
        call    \body
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
        testq   %rax, %rax
        je      poprt_raise_pending
        ret
        END     \name
        .endm

        ALLOCATE __tal_new, poprt_new
        ALLOCATE __tal_newarray, poprt_new_array

# poprt_call(function, argument) -> result: calls verified code from the runtime. The return address
# poprt_call_return is the boundary at which every walk over verified frames ends; all six
# callee-saved registers are saved here, so that the walk may leave them in any state.
ENTRY poprt_call
        SAVE    rbx
        SAVE    rbp
        SAVE    r12
        SAVE    r13
        SAVE    r14
        SAVE    r15
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8
        movq    %rdi, %rax
        movq    %rsi, %rdi
        call    *%rax
        .globl  poprt_call_return
poprt_call_return:
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
        RESTORE r15
        RESTORE r14
        RESTORE r13
        RESTORE r12
        RESTORE rbp
        RESTORE rbx
        ret
        END     poprt_call

# poprt_call_catching(function, argument, exception**) -> result: the same, but an exception that
# reaches the boundary is stored through the third argument (null when there was none) and the call
# returns 0. The unwinder resumes at poprt_catch_pad with rax = exception and rsp as it is there; that
# rsp is in poprt_catching_rsp as long as the function runs (traps.h, abandon). Calls do not nest.
ENTRY poprt_call_catching
        SAVE    rbx
        SAVE    rbp
        SAVE    r12
        SAVE    r13
        SAVE    r14
        SAVE    r15
        pushq   %rdx
        .cfi_adjust_cfa_offset 8
        movq    %rdi, %rax
        movq    %rsi, %rdi
        movq    %rsp, poprt_catching_rsp(%rip)
        call    *%rax
        .globl  poprt_catching_return
poprt_catching_return:
        .cfi_remember_state
        movq    $0, poprt_catching_rsp(%rip)
        popq    %rdx
        .cfi_adjust_cfa_offset -8
        movq    $0, (%rdx)
        jmp     1f
        .globl  poprt_catch_pad
poprt_catch_pad:
        .cfi_restore_state
        movq    $0, poprt_catching_rsp(%rip)
        popq    %rdx
        .cfi_adjust_cfa_offset -8
        movq    %rax, (%rdx)
        xorl    %eax, %eax
1:      RESTORE r15
        RESTORE r14
        RESTORE r13
        RESTORE r12
        RESTORE rbp
        RESTORE rbx
        ret
        END     poprt_call_catching

        .section .note.GNU-stack, "", @progbits
