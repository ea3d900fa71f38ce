/*
 * A load client for WebSocket servers whose own cost hides nothing of theirs.
 *
 * It knows no server's language. What subscribers and the publisher say is given to it as bytes; in what arrives it
 * looks for a marker with ten digits behind it, which are the number of the publication. So it sees what was lost,
 * doubled or late whatever a server writes around it, and however many publications share a frame.
 *
 * Standard input: settings and acts, one a line, `name value`. Bytes are written with \n, \r, \\ and \xHH. Each act is
 * answered on standard output by one line of JSON. Whatever goes wrong ends the program with a sentence. Linux only.
 *
 *   settings of all            port, clients, addresses (how many of 127/8 the clients come from), topics,
 *                              topics-per-client (client i follows topics i*k, i*k+1 … modulo topics), pid (repeatable:
 *                              a process of the server, whose cost is counted), spin (1: never sleep)
 *   a subscriber's bytes       opening (the upgrade), greeting (repeatable: client i says the i-th, and they begin again
 *                              when they run out), greeted-by (what an answer must hold before it goes on), subscribe (once a topic; @@@@ becomes its number)
 *   the publisher's bytes      publisher-port, publisher-say (repeatable: each is answered before the next),
 *                              publication (########## becomes its number, @@@@ its topic's), lines (1: publications
 *                              are lines, and those that leave together share a text frame)
 *   what is looked for         marker; refusal (fatal where it arrives); opaque (1: a compressed frame is the next
 *                              publication, unread)
 *   of one run                 in-flight, burst (1: so many at once, and the next when all have arrived) or rate
 *                              (publications a second, evenly spaced); warm-up-ms, measure-ms; stall-clients
 *   of a reconnect             keep (repeatable, at most two: what stands before a value that is worth remembering),
 *                              again (text that is said in place of greeting and subscribe; %1 %2 are the values)
 *
 *   acts                       connect · run · publish <n> · cut · reconnect
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
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

#include "bytes.h"
#include "cost.h"
#include "fail.h"
#include "latency.h"

enum {
  MAX_PIDS = 64,
  MAX_SAYS = 8,
  MAX_KEPT = 2,
  KEPT_LENGTH = 64,
  INBOX_BYTES = 80 << 20, /* the largest frame that can be read; NATS lets 64 MB wait and sends them as one */
  OUTBOX_BYTES = 8 << 20, /* publications that wait for the publisher's socket */
  HEAD_BYTES = 8,         /* of a masked frame of up to MOST_LINES bytes */
  MOST_LINES = 65535,
  RING = 1 << 20,         /* publications that may be under way */
  MAX_EVENTS = 1024,
  CONNECTING_AT_ONCE = 128,
  LINE_BYTES = 1 << 20,
  CLOSES_TOLD = 2,
};
/* Ten digits without a leading zero are a number in JSON too. */
static const uint64_t FIRST_NUMBER = 1000000000;
static const uint64_t STUCK_AFTER = 10 * 1000000000ull, CONNECT_TIMEOUT = 60 * 1000000000ull;

/* ---- settings ---- */

static uint64_t port, publisher_port, client_count = 1, addresses = 1, topics = 1, topics_per_client = 1, lines;
static uint64_t opaque, spin = 1, in_flight = 1, burst, rate, warm_up_ms, measure_ms = 1000, stall_clients;
static struct bytes opening, greeted_by, subscribe, publication, marker, refusal, again;
static struct bytes publisher_says[MAX_SAYS], keep[MAX_KEPT];
static struct bytes *greetings;
static int greeting_count;
static int say_count, keep_count, pids[MAX_PIDS], pid_count;

static const struct {
  const char *name;
  uint64_t *number;
  struct bytes *bytes;
} SETTINGS[] = {
    {"port", &port, 0}, {"publisher-port", &publisher_port, 0}, {"clients", &client_count, 0},
    {"addresses", &addresses, 0}, {"topics", &topics, 0}, {"topics-per-client", &topics_per_client, 0},
    {"lines", &lines, 0}, {"opaque", &opaque, 0}, {"spin", &spin, 0}, {"in-flight", &in_flight, 0}, {"burst", &burst, 0}, {"rate", &rate, 0},
    {"warm-up-ms", &warm_up_ms, 0}, {"measure-ms", &measure_ms, 0}, {"stall-clients", &stall_clients, 0},
    {"opening", 0, &opening}, {"greeted-by", 0, &greeted_by}, {"subscribe", 0, &subscribe},
    {"publication", 0, &publication}, {"marker", 0, &marker}, {"refusal", 0, &refusal},
    {"again", 0, &again},
};

/* ---- state ---- */

enum phase { CONNECTING, SHAKING_HANDS, OPEN, CLOSED };

struct client {
  int fd;
  int index;
  enum phase phase;
  bool greeted;          /* it has subscribed, or is not to */
  bool stalled;          /* for this run: reads nothing while it is measured */
  uint8_t *rest;         /* the first bytes of a frame whose end has not arrived */
  size_t rest_length;
  uint64_t *next;        /* by topic that it follows: the publication that must come next */
  uint64_t received, lost, doubled;
  char kept[MAX_KEPT][KEPT_LENGTH];
};

static struct client *clients;
static struct {
  int fd;
  uint8_t *out;
  size_t written, length;
  bool sealed; /* the frame of lines is whole; the next line waits until it has left */
} publisher = {.fd = -1};
static int poller;
static int opened, closed;
static uint64_t published, finished; /* all before `finished` have arrived everywhere */
static uint64_t *sent_at;            /* ring, by publication */
static uint32_t *awaited;            /* ring: by how many clients */
static uint32_t *followers;          /* by topic */
static uint64_t deliveries, wire_bytes, frames, last_arrival;
static bool measuring, reading_stalled = true;
static uint8_t *inbox;
static uint64_t again_done_at, again_target; /* of a reconnect */
static uint64_t again_finished;

/* ---- what arrives ---- */

static uint64_t first_topic_of(const struct client *client) {
  return (uint64_t)client->index * topics_per_client % topics;
}

static void settle_finished(void) {
  while (finished < published && awaited[finished % RING] == 0) finished++;
}

/* One publication has reached a client. */
static void arrive(struct client *client, uint64_t number, uint64_t at) {
  uint64_t n = number - FIRST_NUMBER;
  if (n >= published) fail("client %d got publication %lu, which was never sent", client->index, number);
  uint64_t slot = topics == 1 ? 0 : (n % topics + topics - first_topic_of(client)) % topics;
  if (slot >= topics_per_client) fail("client %d got topic %lu, which it does not follow", client->index, n % topics);
  uint64_t due = client->next[slot];
  if (n < due) {
    client->doubled++;
    return;
  }
  for (; due < n; due += topics) {
    client->lost++;
    awaited[due % RING]--;
  }
  client->next[slot] = n + topics;
  client->received++;
  awaited[n % RING]--;
  deliveries++;
  if (measuring && !client->stalled) record(at - sent_at[n % RING]);
  if (again_target != 0 && client->next[0] == again_target) {
    again_finished++;
    again_done_at = at;
  }
}

static void send_whole(int fd, const uint8_t *at, size_t length, const char *what) {
  ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);
  if (sent != (ssize_t)length) fail("%s: %zd of %zu bytes were taken: %s", what, sent, length, strerror(errno));
}

static void keep_values(struct client *client, const uint8_t *at, size_t length) {
  for (int k = 0; k < keep_count; k++) {
    const uint8_t *end = at + length, *from = at, *found;
    while ((found = memmem(from, (size_t)(end - from), keep[k].at, keep[k].length)) != NULL) {
      from = found + keep[k].length;
      int n = 0;
      while (from + n < end && n < KEPT_LENGTH - 1 && strchr("\",}]", from[n]) == NULL) n++;
      memcpy(client->kept[k], from, (size_t)n);
      client->kept[k][n] = 0;
    }
  }
}

static void say_subscriptions(struct client *client);

/* A frame without a publication is an answer. */
static void take_answer(struct client *client, const uint8_t *at, size_t length) {
  if (refusal.length > 0 && memmem(at, length, refusal.at, refusal.length) != NULL) {
    fail("client %d was refused: %.*s", client->index, (int)(length < 300 ? length : 300), at);
  }
  if (!client->greeted && memmem(at, length, greeted_by.at, greeted_by.length) != NULL) say_subscriptions(client);
}

/*
 * Finds each publication in a frame. Publications of a run are alike, so the next marker stands as far behind the last
 * one as before; only where it does not is it searched for. Otherwise searching would cost more than receiving.
 */
static void take_payload(struct client *client, const uint8_t *at, size_t length, uint64_t time) {
  static size_t distance_of_first, distance_of_next;
  const uint8_t *end = at + length, *from = at;
  size_t *distance = &distance_of_first;
  const size_t needed = marker.length + DIGITS;
  bool any = false;
  if (keep_count > 0) keep_values(client, at, length);
  while ((size_t)(end - from) >= needed) {
    uint64_t number = 0;
    const uint8_t *found = from + *distance;
    bool guessed = (size_t)(end - from) >= *distance + needed && memcmp(found, marker.at, marker.length) == 0 &&
                   read_number(found + marker.length, &number) &&
                   (topics > 1 || number - FIRST_NUMBER == client->next[0]);
    if (!guessed) {
      found = memmem(from, (size_t)(end - from), marker.at, marker.length);
      if (found == NULL || (size_t)(end - found) < needed) break;
      if (!read_number(found + marker.length, &number)) {
        from = found + marker.length;
        continue;
      }
      *distance = (size_t)(found - from);
    }
    arrive(client, number, time);
    any = true;
    from = found + needed;
    distance = &distance_of_next;
  }
  if (!any) take_answer(client, at, length);
}

/* Lets go of a connection; only the first that the server ends are worth a line. */
static void close_client(struct client *client) {
  if (client->phase == CLOSED) return;
  if (client->phase == OPEN) opened--;
  close(client->fd);
  free(client->rest);
  client->rest = NULL;
  client->rest_length = 0;
  client->phase = CLOSED;
}

static void take_frame(struct client *client, uint8_t head, const uint8_t *at, size_t length, uint64_t time) {
  switch (head & 0x0f) {
    case 0x8:
      if (closed++ < CLOSES_TOLD) {
        fprintf(stderr, "load: client %d was closed: %d %.*s\n", client->index, length >= 2 ? at[0] << 8 | at[1] : 0,
                (int)(length > 2 ? length - 2 : 0), length > 2 ? (const char *)at + 2 : "");
      }
      close_client(client);
      return;
    case 0x9: {
      uint8_t pong[6 + 125] = {0x8a, (uint8_t)(0x80 | length)};
      if (length <= 125) memcpy(pong + 6, at, length);
      send_whole(client->fd, pong, 6 + (length <= 125 ? length : 0), "a pong");
      return;
    }
    case 0xa:
      return;
    default:
      frames++;
      if (!opaque) take_payload(client, at, length, time);
      else if (head & 0x40) arrive(client, FIRST_NUMBER + client->next[0], time);
      else take_answer(client, at, length);
  }
}

/* Takes the frames that are whole; returns where the first unfinished one begins. */
static uint8_t *take_frames(struct client *client, uint8_t *at, uint8_t *end, uint64_t time) {
  while (end - at >= 2 && client->phase == OPEN) {
    size_t length = at[1] & 0x7f, head = 2;
    if (at[1] & 0x80) fail("client %d got a masked frame", client->index);
    if (length == 126) {
      head = 4;
      if (end - at < 4) break;
      length = (size_t)at[2] << 8 | at[3];
    } else if (length == 127) {
      head = 10;
      if (end - at < 10) break;
      length = 0;
      for (int i = 2; i < 10; i++) length = length << 8 | at[i];
    }
    if (head + length > INBOX_BYTES) fail("client %d got a frame of %zu bytes", client->index, length);
    if ((size_t)(end - at) < head + length) break;
    take_frame(client, at[0], at + head, length, time);
    at += head + length;
  }
  return at;
}

/* The bytes with the topic's number in place of each @@@@. */
static void say_of_topic(struct client *client, struct bytes template, uint64_t topic) {
  size_t places[MAX_PLACES];
  uint8_t *copy = allocate(template.length + 1, 1);
  memcpy(copy, template.at, template.length);
  int count = find_places(template, '@', TOPIC_DIGITS, places);
  for (int i = 0; i < count; i++) write_digits(copy + places[i], TOPIC_DIGITS, topic);
  send_whole(client->fd, copy, template.length, "a subscription");
  free(copy);
}

/* `again` with what the client has kept, as one text frame with a mask of zeros. */
static void say_again(struct client *client) {
  uint8_t frame[4096];
  size_t length = 8;
  for (size_t i = 0; i < again.length; i++) {
    const char *value = NULL;
    if (again.at[i] == '%' && i + 1 < again.length && again.at[i + 1] >= '1' && again.at[i + 1] < '1' + MAX_KEPT) {
      value = client->kept[again.at[++i] - '1'];
    }
    size_t more = value == NULL ? 1 : strlen(value);
    if (length + more > sizeof frame) fail("what client %d says again is longer than %zu bytes", client->index, sizeof frame);
    memcpy(frame + length, value == NULL ? (const char *)again.at + i : value, more);
    length += more;
  }
  uint8_t head[8] = {0x81, 0x80 | 126, (uint8_t)((length - 8) >> 8), (uint8_t)(length - 8)};
  memcpy(frame, head, sizeof head);
  send_whole(client->fd, frame, length, "what is said again");
}

static void say_subscriptions(struct client *client) {
  client->greeted = true;
  if (subscribe.length == 0) return;
  for (uint64_t j = 0; j < topics_per_client; j++) say_of_topic(client, subscribe, (first_topic_of(client) + j) % topics);
}

static void greet(struct client *client) {
  client->phase = OPEN;
  opened++;
  if (again_target != 0) {
    say_again(client);
    return;
  }
  if (greeting_count > 0) {
    const struct bytes greeting = greetings[client->index % greeting_count];
    send_whole(client->fd, greeting.at, greeting.length, "a greeting");
  }
  if (greeted_by.length == 0) say_subscriptions(client);
}

static void read_client(struct client *client) {
  while (client->phase == SHAKING_HANDS || client->phase == OPEN) {
    size_t had = client->rest_length;
    if (had > 0) memcpy(inbox, client->rest, had);
    ssize_t got = recv(client->fd, inbox + had, 2 * INBOX_BYTES - had, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      if (closed++ < CLOSES_TOLD) {
        fprintf(stderr, "load: client %d: %s\n", client->index, got == 0 ? "the server hung up" : strerror(errno));
      }
      close_client(client);
      return;
    }
    uint64_t time = last_arrival = now();
    uint8_t *at = inbox, *end = inbox + had + got;
    wire_bytes += (uint64_t)got;
    if (client->phase == SHAKING_HANDS) {
      uint8_t *blank = memmem(at, (size_t)(end - at), "\r\n\r\n", 4);
      if (blank != NULL) {
        if (memcmp(at, "HTTP/1.1 101", 12) != 0) fail("the upgrade was refused: %.*s", (int)(blank - at), at);
        if (opaque && memmem(inbox, (size_t)(blank - at), "permessage-deflate", 18) == NULL) {
          fail("the server does not compress: it takes no permessage-deflate");
        }
        at = blank + 4;
        greet(client);
      }
    }
    if (client->phase == OPEN) at = take_frames(client, at, end, time);
    if (client->phase == CLOSED) return;
    size_t left = (size_t)(end - at);
    if (left > 0) {
      client->rest = realloc(client->rest, left);
      if (client->rest == NULL) fail("no memory for %zu bytes of a frame", left);
      memcpy(client->rest, at, left);
    }
    client->rest_length = left;
    /* A short read has emptied the socket; the next byte is a new event. */
    if ((size_t)got < 2 * INBOX_BYTES - had) return;
  }
}

/* ---- connections ---- */

static int dial(uint64_t to_port, uint64_t address, int flags) {
  int fd = socket(AF_INET, SOCK_STREAM | flags, 0), one = 1;
  if (fd < 0) fail("a socket: %s", strerror(errno));
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct sockaddr_in end = {.sin_family = AF_INET};
  if (addresses > 1) {
    /* A port is then chosen with the destination in view, so that each address has all of them. */
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    end.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)address);
    if (bind(fd, (struct sockaddr *)&end, sizeof end) != 0) fail("an address: %s", strerror(errno));
  }
  end.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  end.sin_port = htons((uint16_t)to_port);
  if (connect(fd, (struct sockaddr *)&end, sizeof end) != 0 && errno != EINPROGRESS) {
    fail("port %lu: %s", to_port, strerror(errno));
  }
  return fd;
}

static void begin_client(struct client *client) {
  client->fd = dial(port, (uint64_t)client->index % addresses, SOCK_NONBLOCK);
  client->phase = CONNECTING;
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = client};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, client->fd, &event) != 0) fail("epoll: %s", strerror(errno));
}

static void connected(struct client *client) {
  int problem = 0;
  socklen_t size = sizeof problem;
  getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &problem, &size);
  if (problem != 0) fail("client %d cannot connect: %s", client->index, strerror(problem));
  client->phase = SHAKING_HANDS;
  send_whole(client->fd, opening.at, opening.length, "an upgrade");
}

static void read_publisher(void) {
  for (;;) {
    ssize_t got = recv(publisher.fd, inbox, INBOX_BYTES, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) fail("the publisher's connection ended: %s", got == 0 ? "the server hung up" : strerror(errno));
    last_arrival = now();
    if (refusal.length > 0 && memmem(inbox, (size_t)got, refusal.at, refusal.length) != NULL) {
      fail("the publisher was refused: %.*s", (int)(got < 600 ? got : 600), inbox);
    }
  }
}

static void pump(int wait_ms) {
  static struct epoll_event events[MAX_EVENTS];
  int count = epoll_wait(poller, events, MAX_EVENTS, wait_ms);
  for (int i = 0; i < count; i++) {
    struct client *client = events[i].data.ptr;
    if (client == NULL) {
      read_publisher();
      continue;
    }
    if (client->phase == CONNECTING) connected(client);
    if (client->stalled && !reading_stalled) continue;
    read_client(client);
  }
}

static void pump_for(uint64_t duration) {
  for (uint64_t until = now() + duration; now() < until;) pump(5);
}

/* Until nothing has arrived for so long. */
static void pump_until_quiet(uint64_t quiet) {
  uint64_t begin = last_arrival = now();
  while (now() - last_arrival < quiet) {
    pump(5);
    if (now() - begin > CONNECT_TIMEOUT) fail("the server never stops talking");
  }
}

static void await_open(void) {
  for (uint64_t begin = now(); opened < (int)client_count;) {
    pump(5);
    if (now() - begin > CONNECT_TIMEOUT) fail("only %d of %lu clients are connected after 60 s", opened, client_count);
    if (closed > 0) fail("%d clients were closed while they connected", closed);
  }
}

static void open_publisher(void) {
  publisher.out = allocate(OUTBOX_BYTES, 1);
  publisher.fd = dial(publisher_port != 0 ? publisher_port : port, 0, 0);
  struct timeval patience = {.tv_sec = 5};
  setsockopt(publisher.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  for (int i = 0; i < say_count; i++) {
    send_whole(publisher.fd, publisher_says[i].at, publisher_says[i].length, "what the publisher says");
    if (recv(publisher.fd, inbox, INBOX_BYTES, 0) <= 0) fail("what the publisher says, number %d, has no answer", i + 1);
  }
  fcntl(publisher.fd, F_SETFL, O_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, publisher.fd, &event) != 0) fail("epoll: %s", strerror(errno));
}

/* ---- publishing ---- */

/* Makes a frame of the lines that wait; its mask is zeros. */
static void seal_lines(void) {
  const size_t length = publisher.length - HEAD_BYTES, head = length < 126 ? HEAD_BYTES - 2 : HEAD_BYTES;
  uint8_t *at = publisher.out + HEAD_BYTES - head;
  memset(at, 0, head);
  at[0] = 0x81;
  at[1] = (uint8_t)(0x80 | (length < 126 ? length : 126));
  if (length >= 126) {
    at[2] = (uint8_t)(length >> 8);
    at[3] = (uint8_t)length;
  }
  publisher.written = HEAD_BYTES - head;
  publisher.sealed = true;
}

static void flush_publisher(void) {
  if (lines && publisher.length > 0 && !publisher.sealed) seal_lines();
  while (publisher.written < publisher.length) {
    ssize_t sent = send(publisher.fd, publisher.out + publisher.written, publisher.length - publisher.written, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0) fail("the publisher's connection: %s", strerror(errno));
    publisher.written += (size_t)sent;
  }
  publisher.written = publisher.length = 0;
  publisher.sealed = false;
}

/* Puts the next publication on its way; `at` is when it should leave. False: there is no room for it now. */
static bool publish(uint64_t at) {
  static size_t numbers[MAX_PLACES], names[MAX_PLACES];
  static int number_count = -1, name_count;
  if (number_count < 0) {
    number_count = find_places(publication, '#', DIGITS, numbers);
    name_count = find_places(publication, '@', TOPIC_DIGITS, names);
    if (number_count == 0) fail("the publication has no place for its number (##########)");
  }
  const size_t room = lines ? HEAD_BYTES + MOST_LINES : OUTBOX_BYTES;
  if (publisher.sealed || publisher.length + publication.length > room || published - finished >= RING) return false;
  if (lines && publisher.length == 0) publisher.length = HEAD_BYTES;
  uint8_t *to = publisher.out + publisher.length;
  uint64_t topic = published % topics;
  memcpy(to, publication.at, publication.length);
  for (int i = 0; i < number_count; i++) write_digits(to + numbers[i], DIGITS, FIRST_NUMBER + published);
  for (int i = 0; i < name_count; i++) write_digits(to + names[i], TOPIC_DIGITS, topic);
  publisher.length += publication.length;
  sent_at[published % RING] = at;
  awaited[published % RING] = followers[topic];
  published++;
  return true;
}

/* Deliveries that have not come, to clients that read. */
static uint64_t outstanding(void) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < client_count; i++) {
    const struct client *client = &clients[i];
    if (client->stalled) continue;
    for (uint64_t slot = 0; slot < topics_per_client; slot++) {
      if (client->next[slot] < published) sum += (published - client->next[slot] + topics - 1) / topics;
    }
  }
  return sum;
}

static void drain(void) {
  uint64_t progress = now(), left = outstanding();
  while (left > 0 && now() - progress < STUCK_AFTER / 2) {
    flush_publisher();
    pump(5);
    uint64_t still = outstanding();
    if (still < left) progress = now();
    left = still;
  }
  /* What comes twice comes late. */
  pump_for(100 * MILLISECOND);
  settle_finished();
}

/* ---- acts ---- */

static void act_connect(void) {
  clients = allocate(client_count, sizeof *clients);
  followers = allocate(topics, sizeof *followers);
  uint64_t begin = now();
  for (uint64_t i = 0; i < client_count; i++) {
    struct client *client = &clients[i];
    client->index = (int)i;
    client->next = allocate(topics_per_client, sizeof *client->next);
    for (uint64_t slot = 0; slot < topics_per_client; slot++) {
      uint64_t topic = (first_topic_of(client) + slot) % topics;
      client->next[slot] = topic;
      followers[topic]++;
    }
    begin_client(client);
    while ((int)i + 1 - opened >= CONNECTING_AT_ONCE) {
      pump(5);
      if (now() - begin > CONNECT_TIMEOUT) fail("only %d of %lu clients are connected after 60 s", opened, client_count);
    }
  }
  await_open();
  uint64_t took = now() - begin;
  if (publication.length > 0) open_publisher();
  pump_until_quiet(300 * MILLISECOND);
  if (closed > 0) fail("%d clients were closed after they had connected", closed);
  printf("{\"clients\":%d,\"ms\":%.1f}\n", opened, (double)took / 1e6);
}

static void sum_of(bool stalled, uint64_t *received, uint64_t *lost, uint64_t *doubled) {
  *received = *lost = *doubled = 0;
  for (uint64_t i = 0; i < client_count; i++) {
    if (clients[i].stalled != stalled) continue;
    *received += clients[i].received;
    *lost += clients[i].lost;
    *doubled += clients[i].doubled;
  }
}

static void act_run(void) {
  forget_latencies();
  for (uint64_t i = 0; i < client_count; i++) {
    clients[i].stalled = i < stall_clients;
    clients[i].received = clients[i].lost = clients[i].doubled = 0;
  }
  const uint64_t begin = now(), measure_at = begin + warm_up_ms * MILLISECOND, end = measure_at + measure_ms * MILLISECOND;
  const uint64_t base = published;
  uint64_t time, progress = begin, seen = deliveries, sample_at = begin, started_at = begin, peak_kb = 0;
  uint64_t deliveries_before = 0, bytes_before = 0, frames_before = 0, published_before = 0, own_before = 0, ticks_before = 0;
  struct cost before = {0};
  bool stuck = false;
  while ((time = now()) < end) {
    if (!measuring && time >= measure_at) {
      before = cost_of(pids, pid_count);
      peak_kb = before.resident_kb;
      deliveries_before = deliveries;
      bytes_before = wire_bytes;
      frames_before = frames;
      published_before = published;
      own_before = own_cpu_ns();
      ticks_before = machine_ticks();
      measuring = true;
      reading_stalled = stall_clients == 0;
      started_at = now();
    }
    if (rate > 0) {
      const uint64_t due = base + (uint64_t)((double)(time - begin) * (double)rate / 1e9);
      while (published < due && publish(begin + (uint64_t)((double)(published - base) * 1e9 / (double)rate))) continue;
    } else {
      settle_finished();
      const uint64_t limit = burst && finished < published ? published : finished + in_flight;
      while (published < limit && publish(time)) continue;
    }
    flush_publisher();
    pump(spin ? 0 : 1);
    if (deliveries != seen) {
      seen = deliveries;
      progress = time;
    } else if (time - progress > STUCK_AFTER) {
      stuck = true;
      break;
    }
    if (measuring && time >= sample_at) {
      const uint64_t kb = cost_of(pids, pid_count).resident_kb;
      if (kb > peak_kb) peak_kb = kb;
      sample_at = time + 100 * MILLISECOND;
    }
    if (rate > 0) settle_finished();
  }
  const struct cost after = cost_of(pids, pid_count);
  const double seconds = (double)(now() - started_at) / 1e9;
  const uint64_t delivered = deliveries - deliveries_before, wire = wire_bytes - bytes_before, framed = frames - frames_before;
  const uint64_t sent = published - published_before, own = own_cpu_ns() - own_before, behind = outstanding();
  const double busy = (double)(machine_ticks() - ticks_before) / (double)sysconf(_SC_CLK_TCK);
  const double others = busy - (double)(after.cpu_ns - before.cpu_ns + own) / 1e9;
  measuring = false;
  reading_stalled = true;
  for (uint64_t i = 0; i < stall_clients; i++) read_client(&clients[i]);
  drain();
  if (stall_clients > 0) pump_until_quiet(1000 * MILLISECOND);
  uint64_t received, lost, doubled, stalled_received, stalled_lost, stalled_doubled, stalled_closed = 0;
  const uint64_t never_came = outstanding();
  sum_of(true, &stalled_received, &stalled_lost, &stalled_doubled);
  for (uint64_t i = 0; i < stall_clients; i++) {
    if (clients[i].phase == CLOSED) stalled_closed++;
  }
  sum_of(false, &received, &lost, &doubled);
  const uint64_t user = after.user_ticks - before.user_ticks, system = after.system_ticks - before.system_ticks;
  printf("{\"seconds\":%.3f,\"publications\":%lu,\"deliveries\":%lu,\"cpuNs\":%lu,\"systemShare\":%.3f,\"clientCpuNs\":%lu,"
         "\"p50Us\":%.1f,\"p99Us\":%.1f,\"maxUs\":%.1f,\"wireBytes\":%lu,\"frames\":%lu,\"behind\":%lu,\"lost\":%lu,"
         "\"doubled\":%lu,\"closed\":%d,\"stuck\":%s,\"residentBeforeKb\":%lu,\"residentPeakKb\":%lu,"
         "\"othersCores\":%.3f,\"stalled\":{\"received\":%lu,\"missed\":%lu,\"doubled\":%lu,\"closed\":%lu}}\n",
         seconds, sent, delivered, after.cpu_ns - before.cpu_ns, user + system > 0 ? (double)system / (double)(user + system) : 0,
         own, quantile_us(0.5), quantile_us(0.99), (double)slowest / 1e3, wire, framed, behind, lost + never_came, doubled,
         closed - (int)stalled_closed, stuck ? "true" : "false", before.resident_kb, peak_kb, others > 0 ? others / seconds : 0,
         stalled_received, stalled_lost,
         stalled_doubled, stalled_closed);
}

static void act_publish(uint64_t count) {
  const bool watched = opened > 0;
  for (uint64_t i = 0; i < count; i++) {
    while (!publish(now())) {
      flush_publisher();
      pump(5);
    }
  }
  while (publisher.length > 0) {
    flush_publisher();
    pump(1);
  }
  if (watched) drain();
  pump_until_quiet(300 * MILLISECOND);
  printf("{\"published\":%lu,\"missing\":%lu}\n", count, watched ? outstanding() : 0);
}

static void act_cut(void) {
  for (uint64_t i = 0; i < client_count; i++) close_client(&clients[i]);
  pump_for(1000 * MILLISECOND);
  printf("{\"residentKb\":%lu}\n", cost_of(pids, pid_count).resident_kb);
}

/* All clients come back in the same moment, each with the position that it had. */
static void act_reconnect(void) {
  const struct cost before = cost_of(pids, pid_count);
  const uint64_t begin = now(), missed = published - clients[0].next[0];
  uint64_t peak_kb = before.resident_kb, sample_at = begin;
  again_target = published;
  again_finished = 0;
  for (uint64_t i = 0; i < client_count; i++) clients[i].received = clients[i].lost = clients[i].doubled = 0;
  for (uint64_t i = 0; i < client_count; i++) begin_client(&clients[i]);
  while (again_finished < client_count && closed == 0 && now() - begin < CONNECT_TIMEOUT) {
    pump(1);
    if (now() < sample_at) continue;
    const uint64_t kb = cost_of(pids, pid_count).resident_kb;
    if (kb > peak_kb) peak_kb = kb;
    sample_at = now() + 20 * MILLISECOND;
  }
  const struct cost after = cost_of(pids, pid_count);
  pump_until_quiet(500 * MILLISECOND);
  uint64_t received, lost, doubled;
  sum_of(false, &received, &lost, &doubled);
  printf("{\"ms\":%.1f,\"clients\":%lu,\"recovered\":%lu,\"each\":%lu,\"deliveries\":%lu,\"lost\":%lu,\"doubled\":%lu,"
         "\"closed\":%d,\"cpuNs\":%lu,\"residentBeforeKb\":%lu,\"residentPeakKb\":%lu}\n",
         again_finished == client_count ? (double)(again_done_at - begin) / 1e6 : (double)(now() - begin) / 1e6, client_count,
         again_finished, missed, received, lost + outstanding(), doubled, closed, after.cpu_ns - before.cpu_ns,
         before.resident_kb, peak_kb);
  again_target = 0;
}

/* ---- the input ---- */

static void add_greeting(struct bytes greeting) {
  greetings = realloc(greetings, (size_t)(greeting_count + 1) * sizeof *greetings);
  if (greetings == NULL) fail("no memory for %d greetings", greeting_count + 1);
  greetings[greeting_count++] = greeting;
}

static void take_line(char *line) {
  char *value = strchr(line, ' ');
  if (value != NULL) *value++ = 0;
  else value = line + strlen(line);
  for (size_t i = 0; i < sizeof SETTINGS / sizeof *SETTINGS; i++) {
    if (strcmp(line, SETTINGS[i].name) != 0) continue;
    if (SETTINGS[i].number != NULL) *SETTINGS[i].number = strtoull(value, NULL, 10);
    else *SETTINGS[i].bytes = unescape(value);
    return;
  }
  if (strcmp(line, "pid") == 0 && pid_count < MAX_PIDS) pids[pid_count++] = atoi(value);
  else if (strcmp(line, "publisher-say") == 0 && say_count < MAX_SAYS) publisher_says[say_count++] = unescape(value);
  else if (strcmp(line, "greeting") == 0) add_greeting(unescape(value));
  else if (strcmp(line, "keep") == 0 && keep_count < MAX_KEPT) keep[keep_count++] = unescape(value);
  else if (strcmp(line, "connect") == 0) act_connect();
  else if (strcmp(line, "run") == 0) act_run();
  else if (strcmp(line, "publish") == 0) act_publish(strtoull(value, NULL, 10));
  else if (strcmp(line, "cut") == 0) act_cut();
  else if (strcmp(line, "reconnect") == 0) act_reconnect();
  else fail("the input says \"%s\", which is nothing that can be set or done", line);
  fflush(stdout);
}

/* Does what the input says, and serves the clients while it says nothing. */
static void follow_input(void) {
  static char input[LINE_BYTES];
  size_t length = 0;
  fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
  for (;;) {
    ssize_t got = read(STDIN_FILENO, input + length, sizeof input - length);
    if (got == 0) return;
    if (got < 0) {
      pump(5);
      continue;
    }
    length += (size_t)got;
    char *from = input, *feed;
    while ((feed = memchr(from, '\n', length)) != NULL) {
      *feed = 0;
      length -= (size_t)(feed - from) + 1;
      take_line(from);
      from = feed + 1;
    }
    if (length == sizeof input) fail("a line of the input is longer than %zu bytes", sizeof input);
    memmove(input, from, length);
  }
}

int main(void) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  poller = epoll_create1(0);
  inbox = allocate(2 * INBOX_BYTES, 1);
  sent_at = allocate(RING, sizeof *sent_at);
  awaited = allocate(RING, sizeof *awaited);
  follow_input();
  return 0;
}
