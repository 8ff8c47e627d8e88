; Characters, strings, symbols, reading and writing.
(define (show . things) (for-each (lambda (x) (write x) (display " ")) things) (newline))
; CHECK: "abc" 3 #\b "bc" "abcd"
(show "abc" (string-length "abc") (string-ref "abc" 1) (substring "abc" 1 3) (string-append "ab" "" "cd"))
; CHECK-NEXT: "a\"b\\c\n" #\space #\newline #\x #\( #\;
(show "a\"b\\c\n" #\space #\newline #\x #\( #\;)
; CHECK-NEXT: #t #f #t #t #f
(show (string<? "abc" "abd") (string=? "a" "b") (string-ci=? "AbC" "aBc") (char<? #\a #\b #\c) (char>? #\a #\b))
; CHECK-NEXT: "AB" "ab" #\A 65 #\a
(show (string-upcase "aB") (string-downcase "aB") (char-upcase #\a) (char->integer #\A) (integer->char 97))
; CHECK-NEXT: (#\a #\b) "ab" "xyx" "aaa"
(show (string->list "ab") (list->string '(#\a #\b)) (let ((s (make-string 3 #\x))) (string-set! s 1 #\y) s) (make-string 3 #\a))
; CHECK-NEXT: abc "abc" #t a b #f
(show 'abc (symbol->string 'abc) (eq? (string->symbol "xyz") 'xyz) '|a b| (eq? (gensym) (gensym)))
; CHECK-NEXT: "1, 2, 3" ("a" "b" "" "c") "  7" "34"
(show (string-join '("1" "2" "3") ", ") (string-split "a,b,,c" #\,) (string-pad-left "7" 3) (string-pad-left "1234" 2))
; CHECK-NEXT: 2 #f #t #f #t
(show (string-search "abcd" "cd") (string-search "abcd" "x") (char-alphabetic? #\z) (char-numeric? #\z) (char-whitespace? #\space))
; CHECK-NEXT: ("(1 \"x\")") "hello 5"
(show (list (written-form '(1 "x"))) (with-output-to-string (lambda () (display "hello ") (write 5))))
; CHECK-NEXT: (1 (2 . 3) #(a) "b") ('x)
(show (car (read-string "(1 (2 . 3) #(a) \"b\")")) (read-string "'x"))
; Comments of all kinds.
; CHECK-NEXT: (1 4) #t
(show '(1 #;(2 3) #| 5 #| nested |# 6 |# 4) (string=? "one \
   line" "one line"))
; CHECK-NEXT: "a\tb"
(show "a\tb")
