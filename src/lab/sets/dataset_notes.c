#include "lab/sets/dataset_notes.h"

#include <stdio.h>

/* clang-format off */
static const char *const what[DATASET_NOTES] = {
    [NOTE_MODALITY]      = "the modality is none of keystrokes, pointer, touch, features and mixed, and nothing is computed with it",
    [NOTE_INFO]          = "name, source or licence is missing or no text",
    [NOTE_CUT]           = "texts of dataset.json were cut, or rid of control characters",
    [NOTE_MARK]          = "a byte order mark was passed over",
    [NOTE_BLANK_LINE]    = "blank lines were passed over",
    [NOTE_BLANKS]        = "blanks at the end of a line or about a name were passed over",
    [NOTE_HEADER]        = "a row of column names was passed over",
    [NOTE_SAME_ROW]      = "rows that came before, the same in all columns, count once",
    [NOTE_LABEL_CASE]    = "labels in capitals are read as in small letters",
    [NOTE_NUMBER_NAME]   = "names that are numbers are taken by their digits",
    [NOTE_EPOCH]         = "times that are numbers are taken as time since 1970 in UTC, in milliseconds above 1e11 and else in seconds",
    [NOTE_NO_ZONE]       = "times without a zone are taken as UTC",
    [NOTE_TIME_FORM]     = "times in another form than 2026-01-31T09:00:00.000Z were read",
    [NOTE_NO_ACCOUNT]    = "lines without user_email are of the model that enrols their session, or that it is genuine for, else of nobody else's",
    [NOTE_UNKNOWN_EVENT] = "events of a kind that nobody knows say nothing",
    [NOTE_UNKNOWN_MEMBERS] = "events that tell only what nobody knows of their kind say nothing",
    [NOTE_FIELD_NAME]    = "names of fields and vectors that the engine has no letters for stand for themselves by a hash",
    [NOTE_NULL]          = "events with null, or an empty name, where a value is optional: it is absent",
    [NOTE_KEY_CLASS]     = "events with keys without a class: it is other",
    [NOTE_KEY_MEMBER]    = "events with keys that tell what nobody knows: it is passed over",
    [NOTE_SECRET]        = "events with the number of keys in place of the keys say nothing",
    [NOTE_TAKEN_OVER]    = "impostor sessions on the model's own account are of somebody unknown, who is in nobody's background",
    [NOTE_OTHER_ACCOUNT] = "genuine sessions on another account than the model's are of the model's user",
    [NOTE_EMPTY_SESSION] = "sessions that events.jsonl does not have are sessions without events",
};

/* clang-format on */

void notes_add(struct dataset_notes *n, uint32_t bits, const char *file, size_t line)
{
    for (unsigned note = 0; bits >> note != 0; note++) {
        if ((bits >> note & 1U) == 0 || n->count[note]++ > 0) {
            continue;
        }
        (void)snprintf(n->first[note], sizeof n->first[note], "%.24s:%zu", file, line);
    }
}

bool notes_words(const struct dataset_notes *n, enum dataset_note note,
                 char words[DATASET_NOTE_BYTES])
{
    if (n->count[note] == 0) {
        return false;
    }
    (void)snprintf(words, DATASET_NOTE_BYTES, "%s: %zu, first at %s", what[note], n->count[note],
                   n->first[note]);
    return true;
}
