// The least a handoff can cost: accept, send the descriptor to one of the children in turn, close; the child receives and closes.
// One descriptor a message, blocking calls, no bookkeeping. handoff PORT [WORKERS]
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 511 };

union control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void run_worker(int lane) {
    for (;;) {
        char byte;
        union control control;
        struct iovec data = {&byte, 1};
        struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
        if (recvmsg(lane, &message, MSG_CMSG_CLOEXEC) <= 0) {
            _exit(0); // the primary is gone
        }
        int connection;
        memcpy(&connection, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof connection);
        close(connection);
    }
}

static void hand_off(int lane, int connection) {
    char byte = 0;
    union control control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    memcpy(CMSG_DATA(&control.header), &connection, sizeof connection);
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    if (sendmsg(lane, &message, 0) < 0) {
        fail("sendmsg");
    }
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: handoff PORT [WORKERS]\n");
        return 2;
    }
    int workers = argc > 2 ? atoi(argv[2]) : 2;
    int lanes[workers];
    for (int i = 0; i < workers; i++) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
            fail("socketpair");
        }
        switch (fork()) {
        case -1:
            fail("fork");
        case 0:
            // A child that kept the primary's ends would never see end of file.
            for (int earlier = 0; earlier < i; earlier++) {
                close(lanes[earlier]);
            }
            close(pair[0]);
            run_worker(pair[1]);
        }
        close(pair[1]);
        lanes[i] = pair[0];
    }

    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, BACKLOG) < 0) {
        fail("listen");
    }
    puts("ready");
    fflush(stdout);

    for (int next = 0;; next = (next + 1) % workers) {
        int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (connection < 0) {
            fail("accept4");
        }
        hand_off(lanes[next], connection);
        close(connection);
    }
}
