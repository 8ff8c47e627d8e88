# Frames in the shape of verified code, for unwind_test.cpp, which writes the records for them.
        .text
        .p2align 4
        .globl  frames_start
frames_start:

# catches(exn): saves rbx and r12, calls `passes`; its landing pad returns rbx + r12 - a sum that is right only when
# both were restored.
        .globl  frames_catches
frames_catches:
        pushq   %rbx
        pushq   %r12
        subq    $8, %rsp
        movl    $100, %ebx
        movl    $23, %r12d
        call    frames_passes
        .globl  frames_catches_return
frames_catches_return:
        xorl    %eax, %eax
        jmp     1f
        .globl  frames_catches_pad
frames_catches_pad:
        leaq    (%rbx,%r12), %rax
1:      addq    $8, %rsp
        popq    %r12
        popq    %rbx
        ret

# passes(exn): no handler. rbx is kept in r12, whose own value is on the stack, and a stack argument is pushed.
        .globl  frames_passes
frames_passes:
        pushq   %r12
        movq    %rbx, %r12
        movl    $77, %ebx
        subq    $16, %rsp
        pushq   $5
        pushq   $6
        call    frames_raises
        .globl  frames_passes_return
frames_passes_return:
        ud2

# raises(exn): clobbers everything it has saved, then raises its argument.
        .globl  frames_raises
frames_raises:
        pushq   %rbx
        pushq   %rbp
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        subq    $8, %rsp
        movl    $1, %ebx
        movl    $1, %ebp
        movl    $1, %r12d
        movl    $1, %r13d
        movl    $1, %r14d
        movl    $1, %r15d
        call    __tal_raise
        .globl  frames_raises_return
frames_raises_return:
        .globl  frames_end
frames_end:
        int3
        .section .note.GNU-stack, "", @progbits
