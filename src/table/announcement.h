/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file announcement.h
 * @brief What a server announces, and why an announcement is dropped. Core: no httpd.
 */
#ifndef BACKHAND_ANNOUNCEMENT_H
#define BACKHAND_ANNOUNCEMENT_H

#include "table/contact.h"

#define BACKHAND_FARM_SIZE 64

/** How a server stands to the servers of other zones (BackhandZoneSummary). */
typedef enum backhand_far {
    BACKHAND_FAR_SAME, /**< as to those of its own: the announcement goes to whom it goes */
    BACKHAND_FAR_IN,   /**< it is a representative of its zone: all zones hear it */
    BACKHAND_FAR_OUT   /**< it is none: servers of other zones shall not have it in their tables */
} backhand_far;

/** The content of one datagram; also this server's own figures. Numbers are in the ranges of backhand_fields(). */
typedef struct backhand_announcement {
    serverstat stat; /**< mtime unused; hostname; contact as backhand_contact_format() writes it */
    backhand_contact contact;
    char farm[BACKHAND_FARM_SIZE];
    char zone[BACKHAND_ZONE_SIZE]; /**< BackhandZone; empty: none */
    uint64_t boot;        /**< random number of this start of the moderator's server; 0: a stock heartbeat node */
    uint64_t sequence;    /**< counts the announcements of a boot */
    int64_t interval;     /**< ms between two announcements */
    int64_t keepalive;    /**< ms its idle connections stay open; 0: it closes after each response */
    int64_t leaving;      /**< 1: it stops serving now */
    int64_t direct;       /**< 1: sent to one server only, because that one was heard */
    int64_t time;         /**< time of the announcement by its own clock, ms since 1970; 0: not given */
    int64_t far;          /**< backhand_far; BACKHAND_FAR_SAME without a zone */
    int64_t zone_servers; /**< with BACKHAND_FAR_IN: servers of its zone that take requests; else 0, as the next two */
    int64_t zone_ready;   /**< their ready workers */
    int64_t zone_busy;    /**< their other running workers */
    int64_t order;        /**< number of an order (table/orders.h) that it gives; grows with each; 0: none */
    int64_t order_do;     /**< the order, see announce/wire/order.h */
    char order_to[BACKHAND_CONTACT_SIZE]; /**< contact of the server that shall obey */
} backhand_announcement;

/** Why a datagram, or its announcement, was dropped. */
typedef enum backhand_drop {
    BACKHAND_DROP_NONE = 0,
    BACKHAND_DROP_SENDER,    /**< from an address that AcceptStats does not cover */
    BACKHAND_DROP_LENGTH,    /**< longer than an announcement can be */
    BACKHAND_DROP_TEXT,      /**< bytes that are no printable ASCII */
    BACKHAND_DROP_FORMAT,    /**< no `key=value&...`, another format number, a malformed value */
    BACKHAND_DROP_KEYS,      /**< a key that an announcement must have is missing */
    BACKHAND_DROP_RANGE,     /**< a number out of range */
    BACKHAND_DROP_CONTACT,   /**< a contact that AcceptStats does not cover */
    BACKHAND_DROP_FARM,      /**< another farm's */
    BACKHAND_DROP_OLD,       /**< older than the announcement that we have, or it changes nothing */
    BACKHAND_DROP_FULL,      /**< the table is full of live servers */
    BACKHAND_DROP_SIGNATURE, /**< not signed by a key of BackhandSecretFile */
    BACKHAND_DROP_TIME,      /**< signed, but stamped too long ago, ahead of time, or before this server's start */
    BACKHAND_DROP_REASONS
} backhand_drop;

/** One word for a reason, as in `dropped-sender`. */
const char *backhand_drop_name(backhand_drop reason);

#endif
