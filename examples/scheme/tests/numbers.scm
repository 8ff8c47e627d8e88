; Exact integers of any size, inexact numbers, conversions.
(define (show . things) (for-each (lambda (x) (display x) (display " ")) things) (newline))

; CHECK: 7 -3 10 3 0 1
(show (+ 3 4) (- 3) (* 2 5) (- 10 5 2) (+) (*))
; CHECK-NEXT: 9223372036854775807 9223372036854775808 -9223372036854775809
(show 9223372036854775807 (+ 9223372036854775807 1) (- -9223372036854775808 1))
; CHECK-NEXT: 9223372036854775808 -9223372036854775808 9223372036854775807
(show (- -9223372036854775808) (- 9223372036854775808) (- 9223372036854775808 1))
; CHECK-NEXT: 9223372036854775808 -9223372036854775808
(show (quotient -9223372036854775808 -1) (* 2 -4611686018427387904))
; 30! and its way back
(define (factorial n) (if (= n 0) 1 (* n (factorial (- n 1)))))
; CHECK-NEXT: 265252859812191058636308480000000 870 #t
(show (factorial 30) (quotient (factorial 30) (factorial 28)) (= (factorial 30) (* 30 (factorial 29))))
; CHECK-NEXT: 0 1 -1 340282366920938463463374607431768211456
(show (remainder (factorial 30) (factorial 20)) (remainder (+ (factorial 25) 1) (factorial 25)) (remainder (- -1 (factorial 25)) (factorial 25)) (expt 2 128))
; (a*b+r) divided by b, with digits that make the estimate of a quotient's digit too large
; CHECK-NEXT: 999999999999999999999999999 999999999999999998
(show (quotient (+ (* 999999999999999999999999999 1000000000000000000) 999999999999999998) 1000000000000000000)
      (remainder (+ (* 999999999999999999999999999 1000000000000000000) 999999999999999998) 1000000000000000000))
; CHECK-NEXT: 999999999000000000 999999999999999999
(define b 999999999999999999000000000000000001)
(show (quotient (+ (* 999999999000000000 b) 999999999999999999) b) (remainder (+ (* 999999999000000000 b) 999999999999999999) b))
; CHECK-NEXT: -3 -1 3 -4 2 -4 1 1
(show (quotient -7 2) (remainder -7 2) (modulo -7 5) (modulo 6 -5) (modulo -8 5) (modulo -4 -5) (modulo 7 2) (remainder 7 -2))
; CHECK-NEXT: 6 36 0 1
(show (gcd 12 -18) (lcm 12 18) (gcd) (lcm))
; CHECK-NEXT: 2 0.5 0.25 1.5
(show (/ 6 3) (/ 1 2) (/ 4.0) (/ 3 2))
; CHECK-NEXT: 1.0 0.1 1e21 123456789.125 -0.0 3.14
(show 1.0 .1 1e21 123456789.125 -0.0 3.14)
; CHECK-NEXT: 0.30000000000000004 100.0 1e-7
(show (+ .1 .2) 1e2 1e-7)
; CHECK-NEXT: +inf.0 -inf.0 +nan.0 #f
(show (/ 1. 0) (/ -1. 0) (/ 0. 0) (= (/ 0. 0) (/ 0. 0)))
; CHECK-NEXT: 2 3.0 1.4142135623730951 1000000000000000000000 
(show (sqrt 4) (sqrt 9.0) (sqrt 2) (sqrt 1000000000000000000000000000000000000000000))
; CHECK-NEXT: 2.0 3.0 2.0 4.0 -3.0 7
(show (floor 2.5) (ceiling 2.5) (round 2.5) (round 3.5) (truncate -3.7) (round 7))
; CHECK-NEXT: 2 1267650600228229401496703205376 5.0
(show (inexact->exact 2.0) (inexact->exact (exact->inexact (expt 2 100))) (exact->inexact 5))
; CHECK-NEXT: #t #f #t #t #f #t
(show (exact? 5) (exact? 5.) (integer? 5.) (rational? 1.5) (integer? 1.5) (number? 1))
; CHECK-NEXT: #t #f #t #t #f
(show (< 1 2 3) (< 1 3 2) (>= 3 3 2) (= 1 1.0) (< 1e30 100000000000000000000))
; CHECK-NEXT: 3 1 3.0 -5 5
(show (max 1 3 2) (min 3 1 2) (max 1 3 2.0) (- 5) (abs -5))
; CHECK-NEXT: 8 0.125 1024.0 1 2.8284271247461903
(show (expt 2 3) (expt 2 -3) (expt 2. 10) (expt 0 0) (expt 2 1.5))
; CHECK-NEXT: ff 255 -101 #f 1e3 1000.0 7
(show (number->string 255 16) (string->number "ff" 16) (number->string -5 2) (string->number "1x") "1e3" (string->number "1e3") (string->number "#x7"))
; CHECK-NEXT: 255 -8 5 100000000000000000000 16
(show #xff #o-10 #b101 (string->number "100000000000000000000") #x10)
; CHECK-NEXT: #t #t #f #t #t
(show (even? 0) (odd? -3) (even? 100000000000000000001) (zero? 0.0) (negative? -100000000000000000000))
; CHECK-NEXT: 1.0 0.0 3.141592653589793 0.0
(show (exp 0.) (sin 0.) (* 4 (atan 1 1.)) (log 1.))
; Rounded once, whatever the number of digits.
; CHECK-NEXT: 1e45 -9.633058120358647e30 9007199254740992.0 9007199254740996.0
(show (exact->inexact (expt 10 45)) (exact->inexact -9633058120358647254109810198460) (exact->inexact 9007199254740993) (exact->inexact 9007199254740995))
