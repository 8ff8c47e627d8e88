# Inner loops in two forms: with a scaled index, as popc writes them and rule C15 asks for, and with addresses that run through the
# array. See addressing.c. Arrays are { length; elements }. Arguments: rdi, rsi, rdx.
.intel_syntax noprefix
.text
#define F(n) .globl n; .p2align 5; n:

# How often a character occurs: rdi characters, esi the character, rdx their number.
F(count_i)
  xor eax,eax
  xor ecx,ecx
  .p2align 5
1:
  movzx r8d, byte ptr [rdi+rcx+8]
  xor r9d,r9d
  cmp r8b,sil
  sete r9b
  add eax,r9d
  inc rcx
  cmp rcx,rdx
  jb 1b
  ret

F(count_p)
  xor eax,eax
  add rdi,8
  lea rdx,[rdi+rdx]
  .p2align 5
1:
  movzx r8d, byte ptr [rdi]
  xor r9d,r9d
  cmp r8b,sil
  sete r9b
  add eax,r9d
  inc rdi
  cmp rdi,rdx
  jb 1b
  ret

# The product of two vectors.
F(dot_i)
  xorps xmm0,xmm0
  xor ecx,ecx
  .p2align 5
1:
  movsd xmm1,[rdi+8*rcx+8]
  mulsd xmm1,[rsi+8*rcx+8]
  addsd xmm0,xmm1
  inc rcx
  cmp rcx,rdx
  jb 1b
  ret

F(dot_p)
  xorps xmm0,xmm0
  add rdi,8
  add rsi,8
  lea rdx,[rdi+8*rdx]
  .p2align 5
1:
  movsd xmm1,[rdi]
  mulsd xmm1,[rsi]
  addsd xmm0,xmm1
  add rdi,8
  add rsi,8
  cmp rdi,rdx
  jb 1b
  ret

# A row of spectral-norm.
F(spectral_i)
  xorps xmm0,xmm0
  xor ecx,ecx
  .p2align 5
1:
  lea r8d,[rsi+rcx]
  lea r9d,[r8+1]
  imul r8d,r9d
  shr r8d,1
  lea r8d,[r8+rsi+1]
  cvtsi2sd xmm2,r8d
  movsd xmm1,[rdi+8*rcx+8]
  divsd xmm1,xmm2
  addsd xmm0,xmm1
  inc rcx
  cmp rcx,rdx
  jb 1b
  ret

F(spectral_p)
  xorps xmm0,xmm0
  xor ecx,ecx
  add rdi,8
  lea rdx,[rdi+8*rdx]
  .p2align 5
1:
  lea r8d,[rsi+rcx]
  lea r9d,[r8+1]
  imul r8d,r9d
  shr r8d,1
  lea r8d,[r8+rsi+1]
  cvtsi2sd xmm2,r8d
  movsd xmm1,[rdi]
  divsd xmm1,xmm2
  addsd xmm0,xmm1
  inc ecx
  add rdi,8
  cmp rdi,rdx
  jb 1b
  ret

# How far two places of a text agree: rsi the other place, rdx the limit.
F(lz_i)
  xor ecx,ecx
  .p2align 5
1:
  movzx eax,byte ptr [rdi+rcx+8]
  cmp al,[rdi+rsi+8]
  jne 2f
  inc rcx
  inc rsi
  cmp rcx,rdx
  jb 1b
2:
  mov rax,rcx
  ret

F(lz_p)
  mov r9,rdi
  add rdi,8
  lea rsi,[rdi+rsi]
  lea rdx,[rdi+rdx]
  .p2align 5
1:
  movzx eax,byte ptr [rdi]
  cmp al,[rsi]
  jne 2f
  inc rdi
  inc rsi
  cmp rdi,rdx
  jb 1b
2:
  lea rax,[rdi-8]
  sub rax,r9
  ret

# Elements of 16 bytes.
F(pair_i)
  xor eax,eax
  xor ecx,ecx
  .p2align 5
1:
  add rax,[rdi+8*rcx+8]
  xor rax,[rdi+8*rcx+16]
  add rcx,2
  cmp rcx,rdx
  jb 1b
  ret

F(pair_p)
  xor eax,eax
  add rdi,8
  lea rdx,[rdi+8*rdx]
  .p2align 5
1:
  add rax,[rdi]
  xor rax,[rdi+8]
  add rdi,16
  cmp rdi,rdx
  jb 1b
  ret

# Elements of 24 bytes.
F(triple_i)
  xor eax,eax
  xor ecx,ecx
  .p2align 5
1:
  mov r8,[rdi+8*rcx+8]
  add r8,[rdi+8*rcx+16]
  add r8,[rdi+8*rcx+24]
  add rax,r8
  add rcx,3
  cmp rcx,rdx
  jb 1b
  ret

F(triple_p)
  xor eax,eax
  add rdi,8
  lea rdx,[rdi+8*rdx]
  .p2align 5
1:
  mov r8,[rdi]
  add r8,[rdi+8]
  add r8,[rdi+16]
  add rax,r8
  add rdi,24
  cmp rdi,rdx
  jb 1b
  ret

F(fill_i)
  xor ecx,ecx
  .p2align 5
1:
  mov [rdi+8*rcx+8],rsi
  inc rcx
  cmp rcx,rdx
  jb 1b
  ret

F(fill_p)
  add rdi,8
  lea rdx,[rdi+8*rdx]
  .p2align 5
1:
  mov [rdi],rsi
  add rdi,8
  cmp rdi,rdx
  jb 1b
  ret

F(copy_i)
  xor ecx,ecx
  .p2align 5
1:
  mov rax,[rsi+8*rcx+8]
  mov [rdi+8*rcx+8],rax
  inc rcx
  cmp rcx,rdx
  jb 1b
  ret

F(copy_p)
  add rdi,8
  add rsi,8
  lea rdx,[rdi+8*rdx]
  .p2align 5
1:
  mov rax,[rsi]
  mov [rdi],rax
  add rdi,8
  add rsi,8
  cmp rdi,rdx
  jb 1b
  ret

# Read, modified, written.
F(inc_i)
  xor ecx,ecx
  .p2align 5
1:
  add qword ptr [rdi+8*rcx+8],3
  inc rcx
  cmp rcx,rdx
  jb 1b
  ret

F(inc_p)
  add rdi,8
  lea rdx,[rdi+8*rdx]
  .p2align 5
1:
  add qword ptr [rdi],3
  add rdi,8
  cmp rdi,rdx
  jb 1b
  ret

# rsi: the distance between elements.
F(sieve_i)
  xor ecx,ecx
  .p2align 5
1:
  mov byte ptr [rdi+rcx+8],0
  add rcx,rsi
  cmp rcx,rdx
  jb 1b
  ret

F(sieve_p)
  add rdi,8
  lea rdx,[rdi+rdx]
  .p2align 5
1:
  mov byte ptr [rdi],0
  add rdi,rsi
  cmp rdi,rdx
  jb 1b
  ret

# Four times in a row.
F(sum4_i)
  xor eax,eax
  xor ecx,ecx
  .p2align 5
1:
  add rax,[rdi+8*rcx+8]
  add rax,[rdi+8*rcx+16]
  add rax,[rdi+8*rcx+24]
  add rax,[rdi+8*rcx+32]
  add rcx,4
  cmp rcx,rdx
  jb 1b
  ret

F(sum4_p)
  xor eax,eax
  add rdi,8
  lea rdx,[rdi+8*rdx]
  .p2align 5
1:
  add rax,[rdi]
  add rax,[rdi+8]
  add rax,[rdi+16]
  add rax,[rdi+24]
  add rdi,32
  cmp rdi,rdx
  jb 1b
  ret

# Sums of three neighbours.
F(stencil_i)
  mov ecx,1
  dec rdx
  .p2align 5
1:
  movsd xmm0,[rsi+8*rcx]
  addsd xmm0,[rsi+8*rcx+8]
  addsd xmm0,[rsi+8*rcx+16]
  movsd [rdi+8*rcx+8],xmm0
  inc rcx
  cmp rcx,rdx
  jb 1b
  ret

F(stencil_p)
  dec rdx
  lea rdx,[rdi+8*rdx+8]
  add rdi,16
  add rsi,16
  .p2align 5
1:
  movsd xmm0,[rsi-8]
  addsd xmm0,[rsi]
  addsd xmm0,[rsi+8]
  movsd [rdi],xmm0
  add rdi,8
  add rsi,8
  cmp rdi,rdx
  jb 1b
  ret
.section .note.GNU-stack,"",@progbits
