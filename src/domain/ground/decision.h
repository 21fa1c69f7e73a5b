/*
 * decision.h - what risk/evaluate answers, and how far an MPIN goes for it.
 *
 * Floor      domain/ground
 * Source     CONTRACT.md 3 risk/evaluate; docs/decisions/0051.
 */
#ifndef DOMAIN_DECISION_H
#define DOMAIN_DECISION_H

/* The numbers are stored. */
enum decision { DECISION_ALLOW, DECISION_CHALLENGE, DECISION_DENY };

enum {
    DECISION_ASKED_MS = 600000, /* before its MPIN: what was challenged earlier is asked anew */
    DECISION_RETRY_MS = 120000  /* after its MPIN: the one retry that is not challenged */
};

#endif
