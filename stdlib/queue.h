// Queue: first in, first out. Adding and taking are done in the queue itself, in constant time.
#ifndef QUEUE_H
#define QUEUE_H
prefix Queue {
open Queue {

// The type of queues, abstract.
extern queue<a>;

// What take and peek raise when there is nothing.
extern exception Empty;
// Another name of Empty.
#define Queue_Empty Empty

// A new queue with nothing in it.
extern <a>Queue::queue create<a>();
// Is there nothing in it?
extern bool is_empty<a>(<a>Queue::queue q);
// Puts an element at the end.
extern void add<a>(<a>Queue::queue q, a x);
// Takes the element at the front out, or only looks at it.
extern a take<a>(<a>Queue::queue q);
extern a peek<a>(<a>Queue::queue q);
// Takes everything out; how much there is. Each has two names.
extern void clear<a>(<a>Queue::queue q);
extern void queue_clear<a>(<a>Queue::queue q);
extern int length<a>(<a>Queue::queue q);
extern int queue_length<a>(<a>Queue::queue q);
// A new queue of what f gives for each element, in order.
extern <b>Queue::queue map<a,b>(b f(a), <a>Queue::queue q);
// Calls from the front to the end; the results are dropped. What f adds gets its call too.
extern void iter<a,b>(b f(a), <a>Queue::queue q);

}}
#endif
