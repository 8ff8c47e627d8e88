; CHECK: 983040 2000000 16384
; Builds and drops trees and vectors: about a gigabyte of objects, of which little is alive.
(define (tree depth) (if (= depth 0) '() (cons (tree (- depth 1)) (tree (- depth 1)))))
(define (leaves t) (if (null? t) 1 (+ (leaves (car t)) (leaves (cdr t)))))
(define kept (tree 14))
(display (let loop ((i 0) (sum 0)) (if (= i 60) sum (loop (+ i 1) (+ sum (leaves (tree 14)))))))
(display " ")
(display (let loop ((i 0) (n 0)) (if (= i 2000) n (loop (+ i 1) (+ n (vector-length (make-vector 1000 i)))))))
(display " ")
(display (leaves kept))
(newline)
