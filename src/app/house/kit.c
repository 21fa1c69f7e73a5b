#include "app/house/kit.h"

#include "app/house/certificates.h"
#include "app/house/model_file.h"

#include <stdio.h>
#include <unistd.h>

_Static_assert((int)KIT_WHY_BYTES >= (int)KEYRING_WHY_BYTES, "the reason of a key fits");
_Static_assert((int)KIT_WHY_BYTES >= (int)MODEL_WHY_BYTES, "the reason of a model fits");
_Static_assert((int)KIT_WHY_BYTES >= (int)CERTIFICATES_WHY_BYTES, "and of a certificate");

static bool is_in(const char *dir, const char *name)
{
    char path[SETTING_PATH_BYTES + 32];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}

bool kit_makes_keys(const struct settings *s)
{
    return s->debug && ((s->secret_key[0] == '\0' && !is_in(s->data_dir, "secret_key")) ||
                        (s->pepper_file[0] == '\0' && !is_in(s->data_dir, "pepper")));
}

/* A pepper made beside a database would fit no secret in it. */
static bool pepper_is_lost(const struct settings *s)
{
    return s->debug && s->pepper_file[0] == '\0' && !is_in(s->data_dir, "pepper") &&
           access(s->database_path, F_OK) == 0;
}

err_t kit_keys(struct kit *k, const struct settings *s, char why[KIT_WHY_BYTES])
{
    if (k->keys != NULL) {
        return ERR_OK;
    }
    if (pepper_is_lost(s)) {
        (void)snprintf(why, KIT_WHY_BYTES,
                       "DATA_DIR=%s: the pepper is missing beside a database that needs it; "
                       "restore it from a backup, or begin with an empty DATA_DIR",
                       s->data_dir);
        return err_new(ERR_IO);
    }
    const struct keyring_config config = {.secret_key = s->secret_key,
                                          .secret_key_previous = s->secret_key_previous,
                                          .debug = s->debug,
                                          .data_dir = s->data_dir,
                                          .pepper_file = s->pepper_file};
    return keyring_open(&config, &k->keys, why);
}

void kit_keys_again(struct kit *k, const struct settings *s)
{
    char why[KIT_WHY_BYTES];
    struct kit fresh = {0};
    if (!kit_makes_keys(s) && !failed(kit_keys(&fresh, s, why))) {
        keyring_close(&k->keys);
        k->keys = fresh.keys;
    }
}

err_t kit_model(struct kit *k, const struct settings *s, char why[KIT_WHY_BYTES])
{
    return k->model != NULL ? ERR_OK : model_file_open(s->model_file, &k->model, why);
}

err_t kit_tls(struct kit *k, const struct settings *s, mono_t now, char why[KIT_WHY_BYTES])
{
    if (k->tls != NULL || !settings_have_tls(s)) {
        return ERR_OK;
    }
    struct tls_server *tls = NULL;
    (void)snprintf(why, KIT_WHY_BYTES, "TLS: OpenSSL could not be set up");
    TRY(tls_server_new(s->tls_only_1_3, now, &tls));
    const err_t e = certificates_load(s, tls, why);
    if (failed(e)) {
        tls_server_free(&tls);
        return e;
    }
    k->tls = tls;
    return ERR_OK;
}

void kit_close(struct kit *k)
{
    tls_server_free(&k->tls);
    canara_model_close(&k->model);
    keyring_close(&k->keys);
}
