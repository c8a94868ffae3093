// A steady load that does not wait for a slow answer to ask the next one: steady PORT SECONDS KEPT RATE_OF_ONE NEW_RATE
//   KEPT connections are kept, and each sends RATE_OF_ONE requests a second; beside them NEW_RATE connections a second are opened for one request each.
// A worker answers with its slot, a digit; slot 0 is the one that is disturbed. A latency counts from the time at which the request was due, so that what
// waits behind a stall is counted as waiting. Requests on a kept connection belong to the worker that answered on it before.
// Ten seconds without an answer are a timeout. Nothing is sent twice. Prints one line of JSON.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TIMEOUT_MS = 10000, LATE_MS = 1000, ANSWER = 1024, MAX_NEW = 16384 };

struct samples {
    double *ms;
    size_t count, room;
    long failed, closed_idle, late;
};

struct connection {
    int fd; // -1: none
    int kept, asking, length;
    int slot; // of the worker that answered last, -1: not known
    double due_ms;
    char answer[ANSWER];
};

static struct samples kept_others, kept_disturbed, new_others, new_disturbed, new_unknown, kept_unknown;
static long refused, reset_, closed, timeouts, strange;
static int poller, port;
static double interval_ms;

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static struct samples *samples_of(const struct connection *connection) {
    if (connection->kept) {
        return connection->slot < 0 ? &kept_unknown : connection->slot == 0 ? &kept_disturbed : &kept_others;
    }
    return connection->slot < 0 ? &new_unknown : connection->slot == 0 ? &new_disturbed : &new_others;
}

static void add(struct samples *samples, double ms) {
    if (samples->count == samples->room) {
        samples->room = samples->room ? samples->room * 2 : 4096;
        samples->ms = realloc(samples->ms, samples->room * sizeof *samples->ms);
    }
    samples->ms[samples->count++] = ms;
    samples->late += ms > LATE_MS;
}

static void drop(struct connection *connection) {
    struct linger abort = {1, 0};
    setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    close(connection->fd);
    connection->fd = -1;
    connection->asking = connection->length = 0;
}

static void fail(struct connection *connection, long *how) {
    (*how)++;
    samples_of(connection)->failed++;
    drop(connection);
    connection->due_ms = now_ms() + interval_ms;
}

static void send_request(struct connection *connection) {
    static const char keep[] = "GET / HTTP/1.1\r\nHost: test\r\n\r\n", once[] = "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    connection->asking = 1;
    connection->length = 0;
    // A failure here shows again in the read.
    if (connection->kept) {
        (void)!send(connection->fd, keep, sizeof keep - 1, MSG_NOSIGNAL);
    } else {
        (void)!send(connection->fd, once, sizeof once - 1, MSG_NOSIGNAL);
    }
}

// Asks as soon as it is connected.
static void open_connection(struct connection *connection, double due) {
    int no_delay = 1;
    *connection = (struct connection){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), .kept = connection->kept, .slot = -1, .due_ms = due};
    if (connection->fd < 0) {
        perror("socket");
        exit(1);
    }
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof no_delay);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
        fail(connection, errno == ECONNREFUSED ? &refused : &strange);
        return;
    }
    struct epoll_event wanted = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = connection};
    epoll_ctl(poller, EPOLL_CTL_ADD, connection->fd, &wanted);
}

// Fails if the answer is not complete yet.
static int complete(const struct connection *connection, const char **body) {
    const char *end = memmem(connection->answer, connection->length, "\r\n\r\n", 4);
    *body = end + 4;
    return end && connection->answer + connection->length > *body;
}

static void on_answer(struct connection *connection, const char *body) {
    int told_to_close = memmem(connection->answer, connection->length, "Connection: close", 17) != NULL;
    if (memcmp(connection->answer, "HTTP/1.1 200", 12) != 0 || *body < '0' || *body > '9') {
        fail(connection, &strange);
        return;
    }
    connection->slot = *body - '0';
    add(samples_of(connection), now_ms() - connection->due_ms);
    connection->asking = 0;
    if (!connection->kept || told_to_close) {
        drop(connection);
    }
    connection->due_ms += interval_ms;
}

static void on_closed(struct connection *connection, long *how) {
    if (connection->asking) {
        fail(connection, how);
    } else {
        samples_of(connection)->closed_idle++;
        drop(connection);
    }
}

static void on_event(struct connection *connection, unsigned events) {
    if (connection->fd < 0) {
        return;
    }
    if (!connection->asking && connection->slot < 0 && (events & EPOLLOUT) && !(events & EPOLLERR)) {
        send_request(connection);
    }
    if (!(events & (EPOLLIN | EPOLLERR | EPOLLHUP))) {
        return;
    }
    for (;;) {
        ssize_t count = recv(connection->fd, connection->answer + connection->length, ANSWER - connection->length, 0);
        const char *body;
        if (count > 0) {
            connection->length += count;
            if (complete(connection, &body)) {
                on_answer(connection, body);
                if (connection->fd < 0) {
                    return;
                }
            } else if (connection->length == ANSWER) {
                fail(connection, &strange);
                return;
            }
        } else if (count < 0 && errno == EAGAIN) {
            return;
        } else if (count == 0) {
            on_closed(connection, &closed);
            return;
        } else {
            connection->asking |= errno == ECONNREFUSED;
            on_closed(connection, errno == ECONNREFUSED ? &refused : &reset_);
            return;
        }
    }
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print(const char *name, struct samples *samples) {
    qsort(samples->ms, samples->count, sizeof *samples->ms, compare);
    printf("\"%sServed\":%zu,\"%sFailed\":%ld,\"%sClosedIdle\":%ld,\"%sLate\":%ld", name, samples->count, name, samples->failed, name, samples->closed_idle, name, samples->late);
    if (samples->count > 0) {
        printf(",\"%sP50\":%.3f,\"%sP99\":%.3f,\"%sMax\":%.3f", name, samples->ms[samples->count / 2], name, samples->ms[samples->count * 99 / 100], name,
               samples->ms[samples->count - 1]);
    }
    printf(",");
}

int main(int count, char **arguments) {
    if (count != 6) {
        fprintf(stderr, "usage: steady PORT SECONDS KEPT RATE_OF_ONE NEW_RATE\n");
        return 2;
    }
    port = atoi(arguments[1]);
    double seconds = atof(arguments[2]), new_interval_ms = 1e3 / atof(arguments[5]);
    int kept = atoi(arguments[3]), connections = kept + MAX_NEW;
    interval_ms = 1e3 / atof(arguments[4]);
    poller = epoll_create1(EPOLL_CLOEXEC);
    struct connection *connection = calloc(connections, sizeof *connection);
    double begin = now_ms(), end = begin + seconds * 1e3, new_due = begin;
    int top = kept; // none beyond it is in use
    for (int i = 0; i < connections; i++) {
        connection[i].fd = -1;
        connection[i].kept = i < kept;
        connection[i].slot = -1;
        connection[i].due_ms = begin + interval_ms * i / (kept ? kept : 1);
    }
    for (;;) {
        double now = now_ms(), next = now + 100;
        int busy = 0;
        for (int i = 0; i < top; i++) {
            struct connection *each = &connection[i];
            if (each->fd >= 0 && (each->asking || each->slot < 0) && now - each->due_ms > TIMEOUT_MS) {
                fail(each, &timeouts);
            }
            busy += each->fd >= 0 && each->asking;
            if (!each->kept || now >= end) {
                continue;
            }
            if (each->fd < 0 && now >= each->due_ms) {
                open_connection(each, now);
            } else if (each->fd >= 0 && !each->asking && each->slot >= 0 && now >= each->due_ms) {
                send_request(each);
            }
            if (each->fd < 0 || (!each->asking && each->slot >= 0)) {
                next = each->due_ms < next ? each->due_ms : next;
            }
        }
        for (int i = kept; now < end && now >= new_due; new_due += new_interval_ms) {
            while (i < connections && connection[i].fd >= 0) {
                i++;
            }
            if (i == connections) {
                fprintf(stderr, "more than %d connections wait\n", MAX_NEW);
                return 1;
            }
            top = i >= top ? i + 1 : top;
            open_connection(&connection[i], new_due);
        }
        while (top > kept && connection[top - 1].fd < 0) {
            top--;
        }
        if (now >= end && busy == 0) {
            break;
        }
        if (now < end && new_due < next) {
            next = new_due;
        }
        struct epoll_event events[256];
        double wait_ms = next - now_ms();
        struct timespec wait = {0, wait_ms > 0 ? (long)(wait_ms * 1e6) : 0};
        int ready = epoll_pwait2(poller, events, 256, &wait, NULL);
        for (int i = 0; i < ready; i++) {
            on_event(events[i].data.ptr, events[i].events);
        }
    }
    printf("{");
    print("kept", &kept_others);
    print("keptDisturbed", &kept_disturbed);
    print("keptUnknown", &kept_unknown);
    print("new", &new_others);
    print("newDisturbed", &new_disturbed);
    print("newUnknown", &new_unknown);
    printf("\"refused\":%ld,\"reset\":%ld,\"closed\":%ld,\"timeouts\":%ld,\"strange\":%ld}\n", refused, reset_, closed, timeouts, strange);
    return 0;
}
