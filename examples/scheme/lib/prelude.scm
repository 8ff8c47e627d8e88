;;; What the interpreter defines in Scheme itself. Read at every start.

;; Control

(define *winds* '())

;; Leaves and enters what lies between the present point and the wanted one: a common tail of the two lists of (before . after).
(define (%rewind wanted)
  (define (common a b)
    (let ((la (length a)) (lb (length b)))
      (let loop ((a (if (> la lb) (list-tail a (- la lb)) a))
                 (b (if (> lb la) (list-tail b (- lb la)) b)))
        (if (eq? a b) a (loop (cdr a) (cdr b))))))
  (if (not (eq? *winds* wanted))
      (let ((meeting (common *winds* wanted)))
        (let leave ()
          (if (not (eq? *winds* meeting))
              (let ((after (cdar *winds*)))
                (set! *winds* (cdr *winds*))
                (after)
                (leave))))
        (let enter ((w wanted))
          (if (not (eq? w meeting))
              (begin
                (enter (cdr w))
                ((caar w))
                (set! *winds* w)))))))

(define (dynamic-wind before thunk after)
  (before)
  (set! *winds* (cons (cons before after) *winds*))
  (call-with-values thunk
    (lambda results
      (set! *winds* (cdr *winds*))
      (after)
      (apply values results))))

(define (call-with-current-continuation receiver)
  (let ((winds *winds*))
    (%call/cc
      (lambda (k)
        (receiver
          (lambda results
            (%rewind winds)
            (apply k results)))))))
(define call/cc call-with-current-continuation)

(define (call-with-values producer consumer) (%receive (producer) consumer))

;; Calls the thunk; what it raises is given to the handler, whose result is then that of try.
(define (try thunk handler)
  (let ((winds *winds*))
    (%try thunk (lambda (raised) (%rewind winds) (handler raised)))))

(define (force promise)
  (cond ((not (promise? promise)) promise)
        ((%promise-done? promise) (%promise-content promise))
        (else (%fulfil! promise ((%promise-content promise))))))

(define-syntax guard
  (syntax-rules (else)
    ((_ (name clause ... (else alternative ...)) body ...)
     (try (lambda () body ...) (lambda (name) (cond clause ... (else alternative ...)))))
    ((_ (name clause ...) body ...)
     (try (lambda () body ...) (lambda (name) (cond clause ... (else (raise name))))))))

(define-syntax let-values
  (syntax-rules ()
    ((_ () body ...) (let () body ...))
    ((_ ((names producer) more ...) body ...)
     (call-with-values (lambda () producer) (lambda names (let-values (more ...) body ...))))))
(define-syntax let*-values
  (syntax-rules () ((_ anything ...) (let-values anything ...))))
(define-syntax receive
  (syntax-rules () ((_ names producer body ...) (call-with-values (lambda () producer) (lambda names body ...)))))

(define-syntax while
  (syntax-rules () ((_ test body ...) (let loop () (when test body ... (loop))))))
(define-syntax case-lambda
  (syntax-rules ()
    ((_ (names body ...) ...)
     (lambda arguments
       (let try-next ((choices (list (cons 'names (lambda names body ...)) ...)))
         (cond ((null? choices) (error "case-lambda: no clause for" arguments))
               ((%fits? (caar choices) arguments) (apply (cdar choices) arguments))
               (else (try-next (cdr choices)))))))))
(define (%fits? names arguments)
  (cond ((pair? names) (and (pair? arguments) (%fits? (cdr names) (cdr arguments))))
        ((null? names) (null? arguments))
        (else #t)))

;; A parameter is a procedure: without argument it tells its value.
(define (make-parameter value . converter)
  (let ((value (if (null? converter) value ((car converter) value))))
    (lambda arguments
      (if (null? arguments)
          value
          (set! value (car arguments))))))
(define-syntax parameterize
  (syntax-rules ()
    ((_ () body ...) (let () body ...))
    ((_ ((parameter new) more ...) body ...)
     (let ((p parameter) (inside new) (outside #f))
       (dynamic-wind
         (lambda () (set! outside (p)) (p inside))
         (lambda () (parameterize (more ...) body ...))
         (lambda () (set! inside (p)) (p outside)))))))

;; Lists

(define (map f first . rest)
  (define (map1 list)
    (let loop ((list list) (result '()))
      (if (pair? list)
          (loop (cdr list) (cons (f (car list)) result))
          (reverse result))))
  (if (null? rest)
      (map1 first)
      (let loop ((lists (cons first rest)) (result '()))
        (if (%all-pairs? lists)
            (loop (%cdrs lists) (cons (apply f (%cars lists)) result))
            (reverse result)))))

(define (for-each f first . rest)
  (if (null? rest)
      (let loop ((list first))
        (if (pair? list)
            (begin (f (car list)) (loop (cdr list)))))
      (let loop ((lists (cons first rest)))
        (if (%all-pairs? lists)
            (begin (apply f (%cars lists)) (loop (%cdrs lists)))))))

(define (%all-pairs? lists) (or (null? lists) (and (pair? (car lists)) (%all-pairs? (cdr lists)))))
(define (%cars lists) (if (null? lists) '() (cons (caar lists) (%cars (cdr lists)))))
(define (%cdrs lists) (if (null? lists) '() (cons (cdar lists) (%cdrs (cdr lists)))))

(define (append-map f . lists) (apply append (apply map f lists)))
(define (filter-map f list) (filter (lambda (x) x) (map f list)))

(define (filter keep? list)
  (let loop ((list list) (result '()))
    (cond ((null? list) (reverse result))
          ((keep? (car list)) (loop (cdr list) (cons (car list) result)))
          (else (loop (cdr list) result)))))
(define (remove drop? list) (filter (lambda (x) (not (drop? x))) list))
(define (partition first? list) (values (filter first? list) (remove first? list)))
(define (delete x list) (remove (lambda (y) (equal? x y)) list))
(define (delete-duplicates list)
  (let loop ((list list) (result '()))
    (cond ((null? list) (reverse result))
          ((member (car list) result) (loop (cdr list) result))
          (else (loop (cdr list) (cons (car list) result))))))

(define (fold-left f start list)
  (if (null? list) start (fold-left f (f start (car list)) (cdr list))))
(define (fold-right f start list)
  (fold-left (lambda (result x) (f x result)) start (reverse list)))
(define (fold f start list)
  (fold-left (lambda (result x) (f x result)) start list))
(define (reduce f otherwise list)
  (if (null? list) otherwise (fold f (car list) (cdr list))))

(define (member x list . same?)
  (if (null? same?)
      (%member x list)
      (let loop ((list list))
        (cond ((null? list) #f)
              (((car same?) x (car list)) list)
              (else (loop (cdr list)))))))
(define (assoc key list . same?)
  (if (null? same?)
      (%assoc key list)
      (let loop ((list list))
        (cond ((null? list) #f)
              (((car same?) key (caar list)) (car list))
              (else (loop (cdr list)))))))

(define (find wanted? list)
  (cond ((null? list) #f) ((wanted? (car list)) (car list)) (else (find wanted? (cdr list)))))
(define (find-tail wanted? list)
  (cond ((null? list) #f) ((wanted? (car list)) list) (else (find-tail wanted? (cdr list)))))
(define (list-index wanted? list)
  (let loop ((list list) (i 0))
    (cond ((null? list) #f) ((wanted? (car list)) i) (else (loop (cdr list) (+ i 1))))))
(define (any test? list)
  (and (pair? list) (or (test? (car list)) (any test? (cdr list)))))
(define (every test? list)
  (or (null? list) (and (test? (car list)) (every test? (cdr list)))))
(define (count test? list) (fold-left (lambda (n x) (if (test? x) (+ n 1) n)) 0 list))
(define (list-head list k)
  (let loop ((list list) (k k) (result '()))
    (if (= k 0) (reverse result) (loop (cdr list) (- k 1) (cons (car list) result)))))
(define (last list) (car (last-pair list)))
(define (first list) (car list))
(define (second list) (cadr list))
(define (third list) (caddr list))
(define (make-list n . fill)
  (let loop ((n n) (result '()))
    (if (= n 0) result (loop (- n 1) (cons (if (null? fill) #f (car fill)) result)))))
(define (list-tabulate n f) (map f (iota n)))
(define (cons* first . rest)
  (if (null? rest) first (cons first (apply cons* rest))))
(define (assq-ref list key) (let ((entry (assq key list))) (and entry (cdr entry))))

;; Merge sort of lists and vectors, stable.
(define (sort sequence less?)
  (define (merge a b)
    (let loop ((a a) (b b) (result '()))
      (cond ((null? a) (append (reverse result) b))
            ((null? b) (append (reverse result) a))
            ((less? (car b) (car a)) (loop a (cdr b) (cons (car b) result)))
            (else (loop (cdr a) b (cons (car a) result))))))
  (define (sorted list n)
    (if (< n 2)
        (list-head list n)
        (let ((half (quotient n 2)))
          (merge (sorted list half) (sorted (list-tail list half) (- n half))))))
  (if (vector? sequence)
      (list->vector (sort (vector->list sequence) less?))
      (sorted sequence (length sequence))))

;; Vectors and strings

(define (vector-map f . vectors) (list->vector (apply map f (map vector->list vectors))))
(define (vector-for-each f . vectors) (apply for-each f (map vector->list vectors)))
(define (vector-append . vectors) (list->vector (apply append (map vector->list vectors))))
(define (vector-copy v) (subvector v 0 (vector-length v)))
(define (vector-grow v n)
  (let ((result (make-vector n)))
    (do ((i 0 (+ i 1))) ((= i (vector-length v)) result)
      (vector-set! result i (vector-ref v i)))))
(define (vector-binary-search v key compare)
  (let loop ((low 0) (high (vector-length v)))
    (if (= low high)
        #f
        (let* ((middle (quotient (+ low high) 2)) (order (compare key (vector-ref v middle))))
          (cond ((= order 0) middle)
                ((< order 0) (loop low middle))
                (else (loop (+ middle 1) high)))))))

(define (string-null? s) (= (string-length s) 0))
(define (string-join strings . separator)
  (let ((separator (if (null? separator) " " (car separator))))
    (if (null? strings)
        ""
        (apply string-append (car strings) (append-map (lambda (s) (list separator s)) (cdr strings))))))
(define (string-for-each f s) (for-each f (string->list s)))
(define (string-map f s) (list->string (map f (string->list s))))
(define (string-pad-left s n . fill)
  (let ((missing (- n (string-length s))))
    (if (> missing 0)
        (string-append (make-string missing (if (null? fill) #\space (car fill))) s)
        (substring s (- missing) (string-length s)))))
(define (string-split s separator)
  (let loop ((chars (string->list s)) (word '()) (words '()))
    (define (finished) (cons (list->string (reverse word)) words))
    (cond ((null? chars) (reverse (finished)))
          ((char=? (car chars) separator) (loop (cdr chars) '() (finished)))
          (else (loop (cdr chars) (cons (car chars) word) words)))))

(define (with-output-to-string thunk)
  (%begin-capture)
  (try (lambda () (thunk) (%end-capture))
       (lambda (raised) (%end-capture) (raise raised))))

;; Hash tables

(define %none (list 'none))
(define (hash-table-ref table key . otherwise)
  (let ((found (hash-table-ref/default table key %none)))
    (cond ((not (eq? found %none)) found)
          ((pair? otherwise) ((car otherwise)))
          (else (error "hash-table-ref: no such key:" key)))))
(define (hash-table-contains? table key)
  (not (eq? %none (hash-table-ref/default table key %none))))
(define (hash-table-update! table key change . otherwise)
  (hash-table-set! table key (change (apply hash-table-ref table key otherwise))))
(define (hash-table-update!/default table key change otherwise)
  (hash-table-set! table key (change (hash-table-ref/default table key otherwise))))
(define (hash-table-keys table) (map car (hash-table->alist table)))
(define (hash-table-values table) (map cdr (hash-table->alist table)))
(define (hash-table-walk table f) (for-each (lambda (entry) (f (car entry) (cdr entry))) (hash-table->alist table)))

;; Streams: (cons-stream a b) is syntax.

(define the-empty-stream '())
(define stream-null? null?)
(define stream-car car)
(define (stream-cdr stream) (force (cdr stream)))
(define (stream-head stream n)
  (if (= n 0) '() (cons (stream-car stream) (stream-head (stream-cdr stream) (- n 1)))))

;; Files

(define (load name) (for-each eval (read-file name)))
(define (call-with-output-file name f)
  (let* ((port (open-output-file name)) (result (f port))) (close-port port) result))
(define (call-with-input-file name f)
  (let* ((port (open-input-file name)) (result (f port))) (close-port port) result))
