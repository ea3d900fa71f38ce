/*
 * The floor: what delivering costs when nothing else is done. A WebSocket server in one thread that keeps nothing,
 * checks nothing and writes finished frames. What a server costs beside it is what its own work costs.
 *
 * floor <port> send           each publication is one send() to each of its followers
 * floor <port> joined         what was read in one turn of the loop is one buffer, the same for all, and one send() each
 * floor <port> topics [ms]    what a client is to get of a turn, or of so many milliseconds, is copied together and sent
 *                             at once
 *
 * A frame that begins with "+" and four digits follows that topic. One that begins with four digits publishes what is
 * behind them to that topic. It answers the handshake of RFC 6455's example alone, so that it need not hash.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TOPICS = 10000, MAX_EVENTS = 1024, INBOX_BYTES = 1 << 20, FRAME_HEAD = 10, TOPIC_DIGITS = 4 };

static const char EXAMPLE_KEY[] = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
static const char ACCEPTED[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

enum mode { SEND, JOINED, PER_CLIENT };

struct buffer {
  uint8_t *at;
  size_t length, room;
};

struct connection {
  int fd;
  bool open;
  bool dirty;   /* it is in the list of those who get something at the end of the turn */
  bool waiting; /* its socket is full; what is in `out` leaves when it can be written to */
  struct buffer in, out;
};

struct topic {
  struct connection **followers;
  size_t count, room;
  struct buffer joined;
  bool dirty;
};

static enum mode mode;
static int poller;
static struct topic topics[TOPICS];
static struct topic *dirty_topics[TOPICS];
static size_t dirty_topic_count;
static struct connection **dirty;
static size_t dirty_count, dirty_room;
static uint8_t inbox[INBOX_BYTES];

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void *grow(void *at, size_t bytes) {
  void *grown = realloc(at, bytes);
  if (grown == NULL) die("memory");
  return grown;
}

static void append(struct buffer *buffer, const void *bytes, size_t length) {
  if (buffer->length + length > buffer->room) {
    buffer->room = (buffer->length + length) * 2;
    buffer->at = grow(buffer->at, buffer->room);
  }
  memcpy(buffer->at + buffer->length, bytes, length);
  buffer->length += length;
}

static void drop_front(struct buffer *buffer, size_t length) {
  memmove(buffer->at, buffer->at + length, buffer->length - length);
  buffer->length -= length;
}

/* ---- writing ---- */

/* Whether the loop tells when the socket can be written to again. */
static void wait_for_room(struct connection *connection, bool waiting) {
  if (connection->waiting == waiting) return;
  connection->waiting = waiting;
  struct epoll_event event = {.events = EPOLLIN | (waiting ? (uint32_t)EPOLLOUT : 0), .data.ptr = connection};
  if (epoll_ctl(poller, EPOLL_CTL_MOD, connection->fd, &event) != 0) die("epoll");
}

/* Sends what the socket takes; the rest waits in `out`. */
static void deliver(struct connection *connection, const uint8_t *at, size_t length) {
  if (!connection->waiting) {
    ssize_t sent = send(connection->fd, at, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent == (ssize_t)length) return;
    if (sent > 0) {
      at += sent;
      length -= (size_t)sent;
    }
    wait_for_room(connection, true);
  }
  append(&connection->out, at, length);
}

static void send_waiting(struct connection *connection) {
  ssize_t sent = send(connection->fd, connection->out.at, connection->out.length, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent > 0) drop_front(&connection->out, (size_t)sent);
  wait_for_room(connection, connection->out.length > 0);
}

static void publish(struct topic *topic, const uint8_t *frame, size_t length) {
  if (mode == JOINED) {
    append(&topic->joined, frame, length);
    if (!topic->dirty) dirty_topics[dirty_topic_count++] = topic;
    topic->dirty = true;
    return;
  }
  for (size_t i = 0; i < topic->count; i++) {
    struct connection *follower = topic->followers[i];
    if (mode == SEND) {
      deliver(follower, frame, length);
      continue;
    }
    append(&follower->out, frame, length);
    if (follower->dirty || follower->waiting) continue;
    if (dirty_count == dirty_room) dirty = grow(dirty, (dirty_room = dirty_room * 2 + 1024) * sizeof *dirty);
    dirty[dirty_count++] = follower;
    follower->dirty = true;
  }
}

static void flush(void) {
  for (size_t i = 0; i < dirty_topic_count; i++) {
    struct topic *topic = dirty_topics[i];
    for (size_t j = 0; j < topic->count; j++) deliver(topic->followers[j], topic->joined.at, topic->joined.length);
    topic->joined.length = 0;
    topic->dirty = false;
  }
  dirty_topic_count = 0;
  for (size_t i = 0; i < dirty_count; i++) {
    dirty[i]->dirty = false;
    send_waiting(dirty[i]);
  }
  dirty_count = 0;
}

/* ---- reading ---- */

static void follow(struct connection *connection, struct topic *topic) {
  if (topic->count == topic->room) {
    topic->room = topic->room * 2 + 16;
    topic->followers = grow(topic->followers, topic->room * sizeof *topic->followers);
  }
  topic->followers[topic->count++] = connection;
}

static struct topic *topic_at(const uint8_t *digits) {
  unsigned number = 0;
  for (int i = 0; i < TOPIC_DIGITS; i++) number = number * 10 + (digits[i] - (unsigned)'0') % 10;
  return &topics[number];
}

/* The mask of the load client is zeros, so that the payload is readable as it came. */
static void take_payload(struct connection *connection, const uint8_t *at, size_t length) {
  if (length > TOPIC_DIGITS && at[0] == '+') {
    follow(connection, topic_at(at + 1));
    return;
  }
  if (length <= TOPIC_DIGITS) return;
  uint8_t frame[FRAME_HEAD + 65536];
  const size_t data = length - TOPIC_DIGITS;
  size_t head = 2;
  frame[0] = 0x81;
  if (data < 126) {
    frame[1] = (uint8_t)data;
  } else if (data < 65536) {
    head = 4;
    frame[1] = 126;
    frame[2] = (uint8_t)(data >> 8);
    frame[3] = (uint8_t)data;
  } else {
    return;
  }
  memcpy(frame + head, at + TOPIC_DIGITS, data);
  publish(topic_at(at), frame, head + data);
}

static size_t take_handshake(struct connection *connection, const uint8_t *at, size_t length) {
  const uint8_t *blank = memmem(at, length, "\r\n\r\n", 4);
  if (blank == NULL) return 0;
  if (memmem(at, length, EXAMPLE_KEY, sizeof EXAMPLE_KEY - 1) == NULL) return length;
  if (send(connection->fd, ACCEPTED, sizeof ACCEPTED - 1, MSG_NOSIGNAL) < 0) return length;
  connection->open = true;
  return (size_t)(blank - at) + 4;
}

/* How many of the bytes were whole frames. */
static size_t take_frames(struct connection *connection, const uint8_t *at, size_t length) {
  size_t used = 0;
  if (!connection->open) used = take_handshake(connection, at, length);
  while (connection->open && length - used >= 2) {
    const uint8_t *frame = at + used;
    size_t data = frame[1] & 0x7f, head = 2;
    if (data == 126) {
      if (length - used < 4) break;
      data = (size_t)frame[2] << 8 | frame[3];
      head = 4;
    }
    if (frame[1] & 0x80) head += 4;
    if (length - used < head + data) break;
    if ((frame[0] & 0x0f) <= 2) take_payload(connection, frame + head, data);
    used += head + data;
  }
  return used;
}

static void hang_up(struct connection *connection) {
  for (size_t i = 0; i < TOPICS; i++) {
    for (size_t j = 0; j < topics[i].count; j++) {
      if (topics[i].followers[j] == connection) topics[i].followers[j--] = topics[i].followers[--topics[i].count];
    }
  }
  for (size_t i = 0; i < dirty_count; i++) {
    if (dirty[i] == connection) dirty[i--] = dirty[--dirty_count];
  }
  close(connection->fd);
  free(connection->in.at);
  free(connection->out.at);
  free(connection);
}

static void readable(struct connection *connection) {
  ssize_t got = recv(connection->fd, inbox, sizeof inbox, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    hang_up(connection);
    return;
  }
  if (connection->in.length == 0) {
    size_t used = take_frames(connection, inbox, (size_t)got);
    if (used < (size_t)got) append(&connection->in, inbox + used, (size_t)got - used);
    return;
  }
  append(&connection->in, inbox, (size_t)got);
  drop_front(&connection->in, take_frames(connection, connection->in.at, connection->in.length));
}

static void accept_all(int listener) {
  for (int fd, one = 1; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
    struct connection *connection = grow(NULL, sizeof *connection);
    memset(connection, 0, sizeof *connection);
    connection->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll");
  }
}

static uint64_t now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

int main(int count, char **words) {
  if (count < 3) {
    fprintf(stderr, "usage: floor <port> send | joined | topics [ms]\n");
    return 2;
  }
  mode = strcmp(words[2], "send") == 0 ? SEND : strcmp(words[2], "joined") == 0 ? JOINED : PER_CLIENT;
  const uint64_t window_ms = count > 3 ? strtoull(words[3], NULL, 10) : 0;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in end = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[1]))};
  end.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr *)&end, sizeof end) != 0 || listen(listener, 4096) != 0) die("listen");
  poller = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) != 0) die("epoll");

  static struct epoll_event events[MAX_EVENTS];
  for (uint64_t flush_at = 0;;) {
    const bool unsent = dirty_count > 0 || dirty_topic_count > 0;
    int ready = epoll_wait(poller, events, MAX_EVENTS, unsent ? 1 : -1);
    for (int i = 0; i < ready; i++) {
      struct connection *connection = events[i].data.ptr;
      if (connection == NULL) accept_all(listener);
      else if (events[i].events & EPOLLOUT) send_waiting(connection);
      if (connection != NULL && events[i].events & ~(uint32_t)EPOLLOUT) readable(connection);
    }
    if (window_ms > 0 && now_ms() < flush_at) continue;
    flush();
    flush_at = now_ms() + window_ms;
  }
}
