; Procedures, tail calls, continuations, errors, promises.
(define (show . things) (for-each (lambda (x) (display x) (display " ")) things) (newline))

; A million iterations need no stack.
; CHECK: 1000000 done
(define (count n) (let loop ((i 0)) (if (< i n) (loop (+ i 1)) i)))
(define (is-even? n) (if (= n 0) 'done (is-odd? (- n 1))))
(define (is-odd? n) (if (= n 0) 'not (is-even? (- n 1))))
(show (count 1000000) (is-even? 1000000))
; Deep recursion that is no tail call.
; CHECK-NEXT: 500000
(define (deep n) (if (= n 0) 0 (+ 1 (deep (- n 1)))))
(show (deep 500000))
; CHECK-NEXT: (1 (2 3)) () (1 2)
(show ((lambda (a . b) (list a b)) 1 2 3) ((lambda all all)) ((lambda all all) 1 2))
; Closures over variables that are assigned.
; CHECK-NEXT: 1 2 1 3
(define (make-counter) (let ((n 0)) (lambda () (set! n (+ n 1)) n)))
(define a (make-counter))
(define b (make-counter))
(let* ((x (a)) (y (a)) (z (b))) (show x y z (a)))
; CHECK-NEXT: 120 (1 2) 10
(show (let fact ((n 5)) (if (= n 0) 1 (* n (fact (- n 1)))))
      (let* ((x 1) (y (+ x 1))) (list x y))
      (letrec ((f (lambda (n) (if (= n 0) 10 (g n)))) (g (lambda (n) (f (- n 1))))) (f 3)))
; CHECK-NEXT: (4 3 2 1 0) 10
(show (do ((i 0 (+ i 1)) (l '() (cons i l))) ((= i 5) l)) (do ((i 0 (+ i 1)) (s 0 (+ s i))) ((= i 5) s)))
; CHECK-NEXT: small vowel other 3 yes
(show (case 3 ((1 2 3) 'small) (else 'large)) (case 'e ((a e i) 'vowel) (else 'consonant)) (case "x" (("x") 'same) (else 'other))
      (cond ((assv 'b '((a 1) (b 3))) => cadr) (else 'none)) (cond (#f 'no) ('yes)))
; CHECK-NEXT: #t 3 #f #f 1
(show (and) (and 1 2 3) (and 1 #f 3) (or) (or #f 1 2))
; Each turn of a loop has variables of its own.
; CHECK-NEXT: (0 1 2)
(show (map (lambda (f) (f)) (do ((i 0 (+ i 1)) (l '() (cons (lambda () i) l))) ((= i 3) (reverse l)))))
; Internal definitions, also behind a begin.
; CHECK-NEXT: 12 7
(define (f x) (define y (* 2 x)) (define (g z) (+ y z)) (g (* 2 x)))
(define (h) (begin (define p 3) (define q 4)) (+ p q))
(show (f 3) (h))

; Continuations: out of a computation, back into it, as generators.
; CHECK-NEXT: 3 -1
(show (call/cc (lambda (k) (for-each (lambda (x) (if (> x 2) (k x))) '(1 2 3 4)) 'none)) (+ 1 (call/cc (lambda (k) (* 10 (k -2))))))
; CHECK-NEXT: 6 7 8
(define (re-entered)
  (let* ((again #f) (n 0) (r (+ 5 (call/cc (lambda (k) (set! again k) 1)))))
    (display r)
    (display " ")
    (set! n (+ n 1))
    (if (< n 3) (again (+ n 1)))
    (newline)))
(re-entered)
; CHECK-NEXT: (1 2 3 4)
(define (walk tree visit) (cond ((pair? tree) (walk (car tree) visit) (walk (cdr tree) visit)) ((null? tree) #f) (else (visit tree))))
(define (generator tree)
  (define return #f)
  (define (resume) (walk tree (lambda (x) (call/cc (lambda (rest) (set! resume (lambda () (rest #f))) (return x))))) (return 'end))
  (lambda () (call/cc (lambda (k) (set! return k) (resume)))))
(define g (generator '((1 2) (3 (4)))))
(show (let loop ((x (g)) (l '())) (if (eq? x 'end) (reverse l) (loop (g) (cons x l)))))
; CHECK-NEXT: (in during out) (in 1 out in 2 out)
(define trace '())
(define (note x) (set! trace (cons x trace)))
(dynamic-wind (lambda () (note 'in)) (lambda () (note 'during)) (lambda () (note 'out)))
(define first-trace (reverse trace))
(set! trace '())
(let ((k #f) (turn 0))
  (dynamic-wind (lambda () (note 'in))
                (lambda () (call/cc (lambda (c) (set! k c))) (set! turn (+ turn 1)) (note turn))
                (lambda () (note 'out)))
  (if (< turn 2) (k #f)))
(show first-trace (reverse trace))
; CHECK-NEXT: (out caught)
(set! trace '())
(try (lambda () (dynamic-wind (lambda () #f) (lambda () (error "x")) (lambda () (note 'out)))) (lambda (e) (note 'caught)))
(show (reverse trace))
; CHECK-NEXT: 3 (1 2) (1 2 3)
(show (call-with-values (lambda () (values 1 2)) +) (call-with-values (lambda () (values 1 2)) list) (let-values (((a b) (values 1 2)) ((c) (values 3))) (list a b c)))
; CHECK-NEXT: 10 #t
(show (apply max 1 '(10 5)) (apply < (iota 1000)))

; Promises are computed once.
; CHECK-NEXT: 5 5 1
(define times 0)
(define p (delay (begin (set! times (+ times 1)) 5)))
(show (force p) (force p) times)
; CHECK-NEXT: (0 1 4 9)
(define (squares n) (cons-stream (* n n) (squares (+ n 1))))
(show (stream-head (squares 0) 4))

; What is raised is caught by the innermost handler; errors of primitives too.
; CHECK-NEXT: (caught 42) (inner outer) ok
(show (try (lambda () (+ 1 (raise 42))) (lambda (x) (list 'caught x)))
      (try (lambda () (try (lambda () (raise 'inner)) (lambda (x) (raise (list x 'outer))))) (lambda (x) x))
      (try (lambda () 'ok) (lambda (x) 'bad)))
; CHECK-NEXT: "car: expected a pair, got" (5) symbol
(define e (try (lambda () (car 5)) (lambda (c) c)))
(write (error-object-message e)) (display " ") (show (error-object-irritants e) (guard (x ((symbol? x) 'symbol) (else 'other)) (raise 'boom)))
; CHECK-NEXT: 7 done
(define depth (make-parameter 7))
(show (depth) (parameterize ((depth 8)) (if (= (depth) 8) 'done 'wrong)))
; CHECK-NEXT: (4 b) a-1 <>
(show (eval '(list (+ 2 2) 'b)) (string->symbol "a-1") (with-output-to-string (lambda () (display ""))) "<>")
; A primitive that is redefined is redefined for what was compiled before, too.
; CHECK-NEXT: 3 -1 3
(define (sum a b) (+ a b))
(define before (sum 1 2))
(define plus +)
(set! + -)
(define between (sum 1 2))
(set! + plus)
(show before between (sum 1 2))
