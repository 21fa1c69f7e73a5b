#include "lab/bots/bot_labels.h"

#include <stdlib.h>

err_t bot_labels(const struct dataset *set, uint8_t **out)
{
    uint8_t *const label = calloc(dataset_sessions(set) + 1, 1);
    if (label == NULL) {
        return err_new(ERR_NOMEM);
    }
    const struct dataset_trials trials = dataset_bot_trials(set);
    for (size_t i = 0; i < trials.count; i++) {
        label[trials.at[i].session] =
            trials.at[i].label == DATASET_BOT ? BOT_LABEL_MACHINE : BOT_LABEL_PERSON;
    }
    for (size_t m = 0; m < dataset_models(set); m++) {
        const struct dataset_model *const model = dataset_model(set, m);
        for (size_t i = 0; i < model->enrols; i++) {
            label[model->enrol[i]] = BOT_LABEL_PERSON;
        }
    }
    *out = label;
    return ERR_OK;
}

void bot_labels_free(uint8_t **label)
{
    free(*label);
    *label = NULL;
}
