# The update point. Nothing pending: a load, a compare and a return. Otherwise the registers of the caller are stored as
# stdlib/runtime/unwind.h, struct Registers, wants them, so that the stack can be walked.

        .set REGISTERS, 72          # 64 bytes, and keeps the stack aligned

        .text
        .globl  __tal_update
        .type   __tal_update, @function
        .globl  poprt_Dsu__update_point
        .type   poprt_Dsu__update_point, @function
        .p2align 4
__tal_update:
poprt_Dsu__update_point:
        cmpl    $0, popdsu_pending(%rip)
        jne     1f
        ret
1:      subq    $REGISTERS, %rsp
        movq    %rbx, 0(%rsp)
        movq    %rbp, 8(%rsp)
        movq    %r12, 16(%rsp)
        movq    %r13, 24(%rsp)
        movq    %r14, 32(%rsp)
        movq    %r15, 40(%rsp)
        leaq    REGISTERS(%rsp), %rax
        movq    %rax, 48(%rsp)
        movq    (%rax), %rax
        movq    %rax, 56(%rsp)
        movq    %rsp, %rdi
        call    popdsu_at_update_point
        addq    $REGISTERS, %rsp
        ret
        .size   __tal_update, . - __tal_update
        .size   poprt_Dsu__update_point, . - poprt_Dsu__update_point

        .section .note.GNU-stack, "", @progbits
