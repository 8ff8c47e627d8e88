; define-syntax: ellipses, nesting, hygiene, recursion.
(define (show . things) (for-each (lambda (x) (display x) (display " ")) things) (newline))
(define-syntax swap! (syntax-rules () ((_ a b) (let ((tmp a)) (set! a b) (set! b tmp)))))
; CHECK: 2 1
(define tmp 1)
(define other 2)
(swap! tmp other)
(show tmp other)
; CHECK-NEXT: 6 2
(let ((tmp 5) (y 6)) (swap! tmp y) (set! y 2) (show tmp y))
; CHECK-NEXT: 1 yes
(define-syntax my-or (syntax-rules () ((_) #f) ((_ e) e) ((_ e rest ...) (let ((t e)) (if t t (my-or rest ...))))))
(define t 'yes)
(show (my-or #f 1) (my-or #f t))
; CHECK-NEXT: (1 2) (3 4)
(define-syntax my-let (syntax-rules () ((_ ((name value) ...) body ...) ((lambda (name ...) body ...) value ...))))
(show (my-let ((a 1) (b 2)) (list a b)) (my-let ((a 3) (b 4)) 'ignored (list a b)))
; CHECK-NEXT: ((1 2 3) (4) ())
(define-syntax rows (syntax-rules () ((_ (x ...) ...) (list (list x ...) ...))))
(show (rows (1 2 3) (4) ()))
; CHECK-NEXT: (c a b)
(define-syntax rotate (syntax-rules () ((_ x ... last) (list last x ...))))
(show (rotate 'a 'b 'c))
; CHECK-NEXT: (range 1 3) plain
(define-syntax kind (syntax-rules (to) ((_ a to b) (list 'range a b)) ((_ a b c) 'plain)))
(show (kind 1 to 3) (kind 1 2 3))
; CHECK-NEXT: 10 55
(define-syntax for (syntax-rules (in) ((_ x in list body ...) (for-each (lambda (x) body ...) list))))
(define total 0)
(for x in '(1 2 3 4) (set! total (+ total x)))
(show total (let ((sum 0) (i 1)) (while (<= i 10) (set! sum (+ sum i)) (set! i (+ i 1))) sum))
; A local macro, and one defined within a body.
; CHECK-NEXT: 9 16
(show (let-syntax ((square (syntax-rules () ((_ x) (* x x))))) (square 3))
      (let () (define-syntax square (syntax-rules () ((_ x) (* x x)))) (define n 4) (square n)))
; A local variable hides a macro and a special form.
; CHECK-NEXT: (1 2) 3
(show (let ((swap! list)) (swap! 1 2)) (let ((if (lambda (a b c) c))) (if 1 2 3)))
; CHECK-NEXT: (a ...) #(1 2)
(define-syntax literal (syntax-rules () ((_ x) '(x (... ...)))))
(define-syntax vec (syntax-rules () ((_ #(x ...)) (vector x ...))))
(show (literal a) (vec #(1 2)))
; CHECK-NEXT: none one (1 2)
(define choose (case-lambda (() 'none) ((a) 'one) ((a . rest) (cons a rest))))
(show (choose) (choose 1) (choose 1 2))
