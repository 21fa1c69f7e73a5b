/*
 * dataset_notes.h - what a data set has otherwise than docs/engine/datasets.md asks for, and was taken all
 *                   the same: how often, and where first.
 *
 * Floor      lab/sets
 * Ownership  plain values.
 * Errors     none.
 * Threads    no state.
 */
#ifndef LAB_DATASET_NOTES_H
#define LAB_DATASET_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dataset_note {
    NOTE_MODALITY,
    NOTE_INFO,
    NOTE_CUT,
    NOTE_MARK,
    NOTE_BLANK_LINE,
    NOTE_BLANKS,
    NOTE_HEADER,
    NOTE_SAME_ROW,
    NOTE_LABEL_CASE,
    NOTE_NUMBER_NAME,
    NOTE_EPOCH,
    NOTE_NO_ZONE,
    NOTE_TIME_FORM,
    NOTE_NO_ACCOUNT,
    NOTE_UNKNOWN_EVENT,
    NOTE_UNKNOWN_MEMBERS,
    NOTE_FIELD_NAME,
    NOTE_NULL,
    NOTE_KEY_CLASS,
    NOTE_KEY_MEMBER,
    NOTE_SECRET,
    NOTE_EMPTY_SESSION,
    NOTE_TAKEN_OVER,
    NOTE_OTHER_ACCOUNT,
    DATASET_NOTES
};

enum { DATASET_NOTE_BYTES = 256, DATASET_PLACE_BYTES = 48 };

/* Several notes at once. */
#define NOTE_BIT(note) (UINT32_C(1) << (unsigned)(note))

struct dataset_notes {
    size_t count[DATASET_NOTES];
    char first[DATASET_NOTES][DATASET_PLACE_BYTES]; /* "events.jsonl:3" */
};

/* Count every note of `bits` once, met in this line of this file. */
void notes_add(struct dataset_notes *n, uint32_t bits, const char *file, size_t line);

/* A line for a person: "blank lines were passed over: 3, first at trials.tsv:2". False when there was none. */
bool notes_words(const struct dataset_notes *n, enum dataset_note note,
                 char words[DATASET_NOTE_BYTES]);

#endif
