; CHECK: 352
(define (queens board-size)
  (define (safe? row placed)
    (let loop ((p placed) (distance 1))
      (or (null? p)
          (let ((other (car p)))
            (and (not (= other row)) (not (= other (+ row distance))) (not (= other (- row distance)))
                 (loop (cdr p) (+ distance 1)))))))
  (let place ((column 0) (placed '()))
    (if (= column board-size)
        1
        (let try ((row 0) (total 0))
          (if (= row board-size)
              total
              (try (+ row 1) (if (safe? row placed) (+ total (place (+ column 1) (cons row placed))) total)))))))
(display (queens 9))
(newline)
