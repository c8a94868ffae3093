// Opens connections to 127.0.0.1:PORT as fast as it can, waits for the server to answer and close, and says exactly how each one ended.
// connect [-t SECONDS | -n CONNECTIONS] [-c CONCURRENT] [-T THREADS] [-r] [-e] PORT
//   -r  send a request line once connected
//   -e  the server answers nothing: a close without a byte is a connection served
// An answer ends with a newline; "A" alone says that a worker holds the connection. An answer that is a number is the worker's id, and is counted.
// Sockets are closed with SO_LINGER 0, so that no port is left in TIME_WAIT. Prints one line of JSON.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HANG_MS = 5000, MAX_ID = 1024, ANSWER = 16 };

// "before": not a byte of the answer had come. "after": some had, but not all.
enum outcome { SERVED, REFUSED, FAILED, RESET_BEFORE, CLOSED_BEFORE, HUNG_BEFORE, RESET_AFTER, CLOSED_AFTER, HUNG_AFTER, OUTCOMES };
static const char *const names[OUTCOMES] = {"served",      "refused",    "failed",      "resetBefore", "closedBefore",
                                            "hungBefore", "resetAfter", "closedAfter", "hungAfter"};

struct slot {
    int fd; // -1: free
    int sent;
    int length;
    char answer[ANSWER];
    double opened_ms;
};

struct thread {
    pthread_t handle;
    int slots;
    long outcomes[OUTCOMES];
    long by_id[MAX_ID];
    double slowest_ms;
    double last_ms;
    struct slot *slot;
    int epoll;
    int open;
};

static double seconds = 0;
static atomic_long left = 0; // connections still to open, with -n
static int sends_request = 0, empty_is_served = 0, port = 0;
static double started_ms;

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static int may_open(void) {
    return seconds > 0 ? now_ms() - started_ms < seconds * 1e3 : atomic_fetch_sub(&left, 1) > 0;
}

static void finish(struct thread *thread, struct slot *slot, enum outcome outcome) {
    double now = now_ms();
    thread->outcomes[outcome]++;
    if (outcome == SERVED) {
        thread->last_ms = now;
        if (now - slot->opened_ms > thread->slowest_ms) {
            thread->slowest_ms = now - slot->opened_ms;
        }
        slot->answer[slot->length] = 0;
        int id = atoi(slot->answer);
        if (id > 0 && id < MAX_ID) {
            thread->by_id[id]++;
        }
    }
    struct linger abort = {1, 0};
    setsockopt(slot->fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    close(slot->fd);
    slot->fd = -1;
    thread->open--;
}

static void open_connection(struct thread *thread, struct slot *slot) {
    *slot = (struct slot){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), .opened_ms = now_ms()};
    if (slot->fd < 0) {
        perror("socket");
        exit(1);
    }
    thread->open++;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(slot->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
        finish(thread, slot, errno == ECONNREFUSED ? REFUSED : FAILED);
        return;
    }
    struct epoll_event wanted = {.events = EPOLLIN | EPOLLET | (sends_request ? EPOLLOUT : 0), .data.ptr = slot};
    epoll_ctl(thread->epoll, EPOLL_CTL_ADD, slot->fd, &wanted);
}

static void on_closed(struct thread *thread, struct slot *slot) {
    int complete = slot->length > 0 ? slot->answer[slot->length - 1] == '\n' : empty_is_served;
    finish(thread, slot, complete ? SERVED : slot->length > 0 ? CLOSED_AFTER : CLOSED_BEFORE);
}

static void on_error(struct thread *thread, struct slot *slot, int error) {
    finish(thread, slot, error == ECONNREFUSED ? REFUSED : error != ECONNRESET && error != EPIPE ? FAILED : slot->length > 0 ? RESET_AFTER : RESET_BEFORE);
}

static void on_event(struct thread *thread, struct slot *slot, uint32_t events) {
    if (sends_request && !slot->sent && (events & EPOLLOUT) && !(events & EPOLLERR)) {
        slot->sent = 1;
        // A failure here shows again, with what had been received before it, in the read below.
        (void)!send(slot->fd, "ping\n", 5, MSG_NOSIGNAL);
    }
    if (!(events & (EPOLLIN | EPOLLERR | EPOLLHUP))) {
        return;
    }
    for (;;) {
        ssize_t count = recv(slot->fd, slot->answer + slot->length, ANSWER - 1 - slot->length, 0);
        if (count > 0) {
            slot->length += count;
        } else if (count == 0) {
            on_closed(thread, slot);
            return;
        } else if (errno == EAGAIN) {
            return;
        } else {
            on_error(thread, slot, errno);
            return;
        }
    }
}

static void give_up_on_hung(struct thread *thread) {
    double limit = now_ms() - HANG_MS;
    for (int i = 0; i < thread->slots; i++) {
        struct slot *slot = &thread->slot[i];
        if (slot->fd >= 0 && slot->opened_ms < limit) {
            finish(thread, slot, slot->length > 0 ? HUNG_AFTER : HUNG_BEFORE);
        }
    }
}

static void *run(void *argument) {
    struct thread *thread = argument;
    thread->epoll = epoll_create1(EPOLL_CLOEXEC);
    thread->slot = calloc(thread->slots, sizeof *thread->slot);
    for (int i = 0; i < thread->slots; i++) {
        thread->slot[i].fd = -1;
    }
    double checked_ms = now_ms();
    for (int opening = 1; opening || thread->open > 0;) {
        for (int i = 0; i < thread->slots && opening; i++) {
            if (thread->slot[i].fd < 0 && (opening = may_open())) {
                open_connection(thread, &thread->slot[i]);
            }
        }
        struct epoll_event events[64];
        int count = epoll_wait(thread->epoll, events, 64, 100);
        for (int i = 0; i < count; i++) {
            on_event(thread, events[i].data.ptr, events[i].events);
        }
        if (now_ms() - checked_ms > 100) {
            give_up_on_hung(thread);
            checked_ms = now_ms();
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    int concurrent = 64, thread_count = 1;
    for (int option; (option = getopt(argc, argv, "t:n:c:T:re")) != -1;) {
        switch (option) {
        case 't': seconds = atof(optarg); break;
        case 'n': left = atol(optarg); break;
        case 'c': concurrent = atoi(optarg); break;
        case 'T': thread_count = atoi(optarg); break;
        case 'r': sends_request = 1; break;
        case 'e': empty_is_served = 1; break;
        default: return 2;
        }
    }
    port = optind < argc ? atoi(argv[optind]) : 0;
    if (port == 0 || (seconds <= 0 && left <= 0) || concurrent < thread_count) {
        fprintf(stderr, "usage: connect [-t SECONDS | -n CONNECTIONS] [-c CONCURRENT] [-T THREADS] [-r] [-e] PORT\n");
        return 2;
    }

    struct thread threads[thread_count];
    memset(threads, 0, sizeof threads);
    started_ms = now_ms();
    for (int i = 0; i < thread_count; i++) {
        threads[i].slots = concurrent / thread_count;
        pthread_create(&threads[i].handle, NULL, run, &threads[i]);
    }
    struct thread all = {.last_ms = started_ms};
    for (int i = 0; i < thread_count; i++) {
        pthread_join(threads[i].handle, NULL);
        for (int outcome = 0; outcome < OUTCOMES; outcome++) {
            all.outcomes[outcome] += threads[i].outcomes[outcome];
        }
        for (int id = 0; id < MAX_ID; id++) {
            all.by_id[id] += threads[i].by_id[id];
        }
        all.slowest_ms = threads[i].slowest_ms > all.slowest_ms ? threads[i].slowest_ms : all.slowest_ms;
        all.last_ms = threads[i].last_ms > all.last_ms ? threads[i].last_ms : all.last_ms;
    }

    double elapsed = (all.last_ms - started_ms) / 1e3;
    printf("{\"seconds\":%.3f,\"perSecond\":%.0f,\"slowestMs\":%.1f", elapsed, elapsed > 0 ? all.outcomes[SERVED] / elapsed : 0, all.slowest_ms);
    for (int outcome = 0; outcome < OUTCOMES; outcome++) {
        printf(",\"%s\":%ld", names[outcome], all.outcomes[outcome]);
    }
    printf(",\"byWorker\":{");
    for (int id = 0, first = 1; id < MAX_ID; id++) {
        if (all.by_id[id] > 0) {
            printf("%s\"%d\":%ld", first ? "" : ",", id, all.by_id[id]);
            first = 0;
        }
    }
    printf("}}\n");
    return 0;
}
