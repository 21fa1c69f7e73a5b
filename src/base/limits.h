/*
 * limits.h - every bound on what strangers can make this process hold, do or wait for.
 *
 * Floor      base
 * Units      in the name: _BYTES, _MS; a bare name is a count.
 *
 * One section per floor that owns the bound. A number that stands in the contract with the
 * clients is repeated there; the rest is ours to change.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* codec: JSON from outside (contract, section 6) */
#define LIMIT_JSON_DEPTH         8
#define LIMIT_JSON_ARRAY         4096
#define LIMIT_JSON_STRING_BYTES  1024
#define LIMIT_EVENT_TYPE_BYTES   64
#define LIMIT_EVENTS_PER_MESSAGE 256

/* api: JSON bodies of requests, counted before they are read. A value is the whole, a member or an item,
 * of whatever depth; a node is an object or an array. A login with 512 keys of down, up and class is
 * 2,055 values, 515 of them nodes. */
#define LIMIT_BODY_VALUES       256
#define LIMIT_BODY_NODES        32
#define LIMIT_TYPED_BODY_VALUES 2560
#define LIMIT_TYPED_BODY_NODES  640

/* api: what bodies of calls under way may hold of a loop; a tree is larger than its text */
#define LIMIT_BODIES_BYTES         67108864
#define LIMIT_BODIES_LARGE_BYTES   33554432 /* of those, in bodies that hold more than ... */
#define LIMIT_BODY_SMALL_BYTES     32768    /* ... this: what people send holds less */
#define LIMIT_BODIES_ADDRESS_BYTES 4194304  /* of the large, those of one neighbourhood */

/* protocol: HTTP/1.1 (RFC 9112) */
#define LIMIT_HTTP_HEAD_BYTES 16384 /* request line and all header fields */
#define LIMIT_HTTP_HEADERS    64
#define LIMIT_HTTP_BODY_BYTES 65536
#define LIMIT_TARGET_BYTES    4096 /* path and query */

/* protocol: PROXY protocol, version 2 */
#define LIMIT_PROXY_HEADER_BYTES 1024

/* protocol: WebSocket (RFC 6455) */
#define LIMIT_WS_MESSAGE_BYTES   65536 /* all fragments together */
#define LIMIT_WS_ERRORS_IN_A_ROW 10
#define LIMIT_WS_PING_MS         20000
#define LIMIT_WS_DEAD_MS         60000

/* domain: what accounts and sessions may hold */
#define LIMIT_EMAIL_BYTES         254 /* RFC 5321, 4.5.3.1.3 less the angle brackets */
#define LIMIT_EMAIL_LOCAL_BYTES   64  /* RFC 5321, 4.5.3.1.1 */
#define LIMIT_DEVICE_ID_BYTES     128
#define LIMIT_DEVICES_PER_ACCOUNT 64 /* known; the one not seen for longest makes room */
#define LIMIT_PASSWORD_BYTES      128
#define LIMIT_TOKEN_BYTES         4096
#define LIMIT_TICKETS_PER_SESSION 4
#define LIMIT_EVENT_BYTES_BURST_S 16     /* of EVENT_BYTES_PER_SECOND that a session saves up ... */
#define LIMIT_WS_CONTROL_COST     128    /* bytes that a ping or pong counts for, besides its own */
#define LIMIT_WS_FREE_HEAD        14     /* ... and those of a message's header that do not count */
#define LIMIT_WS_BESIDE_BYTES     4096   /* gathered before they are charged */
#define LIMIT_EVENT_BYTES_FIRST   262144 /* ... and what it begins with: four whole messages */

/* server: connections */
#define LIMIT_HEADER_DEADLINE_MS 15000 /* from the first byte of a request to its last */
#define LIMIT_IDLE_KEEPALIVE_MS  60000
#define LIMIT_OUT_BUFFER_BYTES   262144    /* unsent bytes of one connection */
#define LIMIT_HELD_BYTES         134217728 /* of all connections of a loop */
#define LIMIT_HELD_NEAR_BYTES    16777216  /* of those, of one neighbourhood */
#define LIMIT_LIGHT_BYTES        4096      /* whoever holds no more stays whatever others hold */
#define LIMIT_PAGE_PIECE_BYTES   65536     /* of a page, to one connection in a round */
#define LIMIT_NOT_SENT_BYTES     131072    /* of one connection, unsent in the kernel */
#define LIMIT_REQUESTS_PER_ROUND 16 /* of one connection, before a loop serves others again */
#define LIMIT_FORWARDED_HOPS     16 /* proxies of ours that one Forwarded line may name */

/* server: what comes before the first request */
#define LIMIT_PROXY_DEADLINE_MS 3000 /* from accepting to a whole PROXY header */
#define LIMIT_HANDSHAKE_DEADLINE_MS \
    10000                                /* from accepting, or the PROXY header, to the last byte */
#define LIMIT_HANDSHAKES_PER_LOOP    512 /* under way; one more drops the oldest */
#define LIMIT_CONTROL_CONNECTIONS    16  /* of operators, in places that nobody else can take */
#define LIMIT_HANDSHAKES_PER_ADDRESS 64  /* under way, over all loops */
#define LIMIT_HANDSHAKES_PER_ROUND   16  /* begun before a loop serves its sessions again */

/* net: sockets and addresses */
#define LIMIT_LOOP_BATCH 64 /* readiness reports taken from the kernel at once: a round is short */
#define LIMIT_CIDRS      64 /* networks in one list */

#define LIMIT_WIDE_FACTOR 10 /* what a /24 or /48 may hold or try, in allowances of a /32 or /64 */

/* net: TLS */
#define LIMIT_TLS_HELLO_BYTES   32768 /* read of one peer before its handshake is complete */
#define LIMIT_TLS_RECORD_BYTES  18432 /* a record on the wire: 16 KiB and what a cipher adds */
#define LIMIT_TLS_UNSENT_BYTES  131072
#define LIMIT_TLS_KEY_UPDATES   64 /* of one connection; honest ones come after 2^24 records */
#define LIMIT_TLS_CHAIN         8  /* certificates in one file */
#define LIMIT_TLS_PAIRS         2  /* certificates with their keys: one P-256, one RSA */
#define LIMIT_TLS_PEM_BYTES     65536
#define LIMIT_TLS_TICKET_KEY_MS 3600000 /* a key makes tickets for so long */
#define LIMIT_TLS_TICKET_KEYS   3       /* the newest makes them, all read them */

/* base: logging */
#define LIMIT_LOG_LINE_BYTES   4096 /* PIPE_BUF: a line reaches a pipe whole */
#define LIMIT_LOG_VALUE_BYTES  256  /* of a text value, before escaping */
#define LIMIT_LOG_FIELDS       15
#define LIMIT_LOG_NAMES        128 /* event names with an allowance of their own */
#define LIMIT_LOG_EVENTS_PER_S 100 /* of one event name */

#endif
