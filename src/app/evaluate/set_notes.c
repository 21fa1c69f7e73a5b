#include "app/evaluate/set_notes.h"

#include <stdio.h>

void set_notes_tell(const char *command, const char *dir, const struct dataset *set)
{
    char words[DATASET_NOTE_BYTES];
    for (enum dataset_note note = NOTE_MODALITY; note < DATASET_NOTES; note++) {
        if (notes_words(dataset_notes(set), note, words)) {
            (void)fprintf(stderr, "%s: %s: %s\n", command, dir, words);
        }
    }
}
