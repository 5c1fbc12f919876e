/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* From datagrams to the table. The first line is `secret`, `optional` or anything else for no keys. Each other is `@`
 * and milliseconds by which the clock goes on, or two characters and a datagram: `+` when it gets a signature, anything
 * else when it is sent as it is; and who sends it, `x` being somebody who is not accepted. */

#include "fuzz.h"

#include "../said.h"

#include "announce/moderator/intake.h"
#include "announce/wire/order.h"
#include "status/rows.h"
#include "table/counters.h"

#include <apr_strings.h>

#include <ctype.h>

#define LINES_MAX 24
#define SLOTS     4
#define SKEW      apr_time_from_sec(30)
#define START     apr_time_from_sec(1700000000)
#define OWN_BOOT  0xb007
#define OWN       "http://192.0.2.1:80"

/* A signed announcement that was taken in. */
typedef struct believed {
    uint64_t boot;
    uint64_t sequence;
} believed;

static apr_pool_t *pool;
static apr_time_t now;
static backhand_intake intake;
static believed past[LINES_MAX];
static int believed_count;
static int orders;

static apr_time_t clock_of_fuzzer(void)
{
    return now;
}

static void on_event(void *ctx, backhand_event event, backhand_drop reason, int id, const char *sender,
                     const char *detail, int64_t unsaid)
{
    CHECK(ctx == &intake && event <= BACKHAND_EVENT_ORDER && unsaid >= 0);
    CHECK(reason < BACKHAND_DROP_REASONS && (event == BACKHAND_EVENT_DROPPED) == (reason != BACKHAND_DROP_NONE));
    CHECK(id >= -1 && id < SLOTS);
    CHECK(*sender && strlen(sender) < 64);
    for (; *detail; detail++) {
        CHECK(*detail >= ' ' && *detail <= '~');
    }
}

/* Only what is signed orders anything. */
static void on_order(void *ctx, const backhand_announcement *from)
{
    CHECK(ctx == &intake && intake.keys && from->order > 0);
    CHECK(from->order_do >= 0 && from->order_do <= BACKHAND_ORDER_NUMBER_MAX);
    CHECK(memchr(from->order_to, 0, sizeof(from->order_to)));
    orders++;
}

/* --- a server ---------------------------------------------------------------------------------------------- */

static void set_self(void)
{
    backhand_announcement self = said_by("self.example.com", OWN, OWN_BOOT, 1);
    backhand_table_set_self(intake.table, &self);
}

static void start(const char *trust)
{
    backhand_accept_list *accept = apr_array_make(pool, 2, sizeof(apr_ipsubnet_t *));
    now = START;
    believed_count = 0;
    memset(&intake, 0, sizeof(intake));
    CHECK(backhand_table_create(&intake.table, SLOTS, 1, NULL, pool) == APR_SUCCESS);
    CHECK(!backhand_accept_add(accept, "192.0.2.0/24") && !backhand_accept_add(accept, "127.0.0.0/8"));
    backhand_table_set_clocks(intake.table, clock_of_fuzzer, clock_of_fuzzer);
    intake.accept = accept;
    intake.farm = "default";
    intake.boot = OWN_BOOT;
    intake.event = on_event;
    intake.event_ctx = &intake;
    intake.order = on_order;
    intake.order_ctx = &intake;
    intake.optional = strcmp(trust, "optional") == 0;
    if (intake.optional || strcmp(trust, "secret") == 0) {
        intake.keys = fuzz_keys();
        intake.skew = SKEW;
        intake.seen = backhand_seen_create(SLOTS, SKEW, pool);
        intake.started = START - SKEW / 3;
    }
    set_self();
}

/* --- what must hold ---------------------------------------------------------------------------------------- */

/* The numbers of rows are added up without a look at them. */
static void check_row(int id)
{
    backhand_row row;
    CHECK(backhand_row_read(&row, intake.table, id, backhand_table_now(intake.table)));
    for (int i = 0; i < BACKHAND_FIGURES; i++) {
        int64_t number = backhand_figure_get(&row.announcement.stat, &backhand_figures[i]);
        CHECK(number >= backhand_figures[i].field.min && number <= backhand_figures[i].field.max);
    }
}

static void check_table(void)
{
    backhand_announcement said;
    for (int id = 0; id < SLOTS; id++) {
        if (backhand_table_read(intake.table, id, &said, NULL)) {
            CHECK(backhand_accept_covers_text(intake.accept, said.contact.address));
            CHECK(strcmp(said.farm, "default") == 0);
            CHECK((id == 0) == (said.boot == OWN_BOOT));
            check_row(id);
        }
    }
    CHECK(backhand_table_read(intake.table, 0, &said, NULL) && strcmp(said.stat.contact, OWN) == 0);
}

static int64_t counted(void)
{
    int64_t sum = backhand_table_counted(intake.table, BACKHAND_COUNT_ACCEPTED);
    for (int i = 0; i < BACKHAND_DROP_REASONS; i++) {
        sum += backhand_table_drops(intake.table, (backhand_drop)i);
    }
    return sum;
}

/* Nothing signed is taken in twice, nor after what the same server said later. */
static void check_believed(const backhand_announcement *said)
{
    CHECK(llabs(now - apr_time_from_msec(said->time)) <= SKEW);
    for (int i = 0; i < believed_count; i++) {
        CHECK(past[i].boot != said->boot || past[i].sequence < said->sequence);
    }
    past[believed_count++] = (believed){said->boot, said->sequence};
}

static void check_taken(const char *data, size_t size, const char *address, int id)
{
    backhand_announcement said, kept;
    int is_signed = intake.keys && backhand_message_verify(data, size, intake.keys);
    CHECK(backhand_message_decode(&said, data, size, address, NULL) == BACKHAND_DROP_NONE);
    CHECK(id < SLOTS);
    CHECK(backhand_table_read(intake.table, id, &kept, NULL));
    CHECK(strcmp(kept.stat.contact, said.stat.contact) == 0);
    if (id > 0) {
        CHECK(kept.boot == said.boot && kept.sequence == said.sequence && kept.stat.load == said.stat.load);
    }
    CHECK(!intake.keys || is_signed || (intake.optional && !backhand_message_signed(data, size)));
    CHECK(orders == (is_signed && said.order != 0));
    if (is_signed) {
        check_believed(&said);
    }
    /* A copy of it changes nothing; a stock heartbeat is always new. */
    if (said.boot && id > 0) {
        apr_sockaddr_t *sender;
        backhand_update again;
        CHECK(apr_sockaddr_info_get(&sender, address, APR_UNSPEC, 4445, 0, pool) == APR_SUCCESS);
        again = backhand_intake_datagram(&intake, data, size, sender);
        CHECK(again.drop == BACKHAND_DROP_OLD && again.id == -1);
    }
}

static void send_datagram(const char *data, size_t size, const char *address)
{
    char *copy = fuzz_copy(data, size);
    apr_sockaddr_t *sender;
    int64_t before = counted();
    backhand_update taken;
    CHECK(apr_sockaddr_info_get(&sender, address, APR_UNSPEC, 4445, 0, pool) == APR_SUCCESS);
    orders = 0;
    taken = backhand_intake_datagram(&intake, copy, size, sender);
    CHECK(orders == 0 || taken.id >= 0 || taken.out);
    CHECK(taken.drop < BACKHAND_DROP_REASONS);
    CHECK(counted() - before == (taken.drop != BACKHAND_DROP_NONE || taken.id >= 0 || taken.out));
    CHECK(taken.id < 0 || taken.drop == BACKHAND_DROP_NONE);
    if (taken.id >= 0) {
        CHECK(strncmp(address, "192.0.2.", 8) == 0);
        check_taken(copy, size, address, taken.id);
    }
    free(copy);
}

/* --- lines ------------------------------------------------------------------------------------------------- */

static void wait_for(const char *text)
{
    long ms = strtol(text, NULL, 10);
    now += apr_time_from_msec(ms > 0 && ms < 1000000 ? ms : 0);
}

static void read_line(const char *line)
{
    char data[2 * BACKHAND_MESSAGE_SIZE];
    const char *address = line[0] && line[1] == 'x' ? "198.51.100.1"
                          : line[0] && line[1] & 1  ? "192.0.2.9"
                                                    : "192.0.2.8";
    size_t size = strlen(line);
    if (*line == '@') {
        wait_for(line + 1);
        return;
    }
    if (size < 2 || size - 2 > BACKHAND_MESSAGE_SIZE) {
        return;
    }
    memcpy(data, line + 2, size - 1);
    size -= 2;
    if (*line == '+' && size + BACKHAND_SIGNATURE_SIZE + 5 <= BACKHAND_MESSAGE_SIZE) {
        size = backhand_message_sign(data, size, fuzz_keys());
    }
    send_datagram(data, size, address);
    check_table();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *lines[LINES_MAX];
    pool = pool ? pool : fuzz_pool_create();
    fuzz_lines(lines, LINES_MAX, data, size);
    start(lines[0]);
    for (int i = 1; i < LINES_MAX; i++) {
        read_line(lines[i]);
    }
    backhand_table_unmap(intake.table);
    fuzz_lines_free(lines, LINES_MAX);
    apr_pool_clear(pool);
    return 0;
}
