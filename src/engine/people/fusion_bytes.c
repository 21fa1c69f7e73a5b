#include "engine/people/fusion_bytes.h"

#include <math.h>

#define SAMPLES_KNOWN 1e6 /* more than a profile counts */

void fusion_write(struct byte_writer *w, const struct fusion *f)
{
    for (size_t i = 0; i < SCORES; i++) {
        write_f64(w, f->mean[i]);
        write_f64(w, f->scale[i]);
        write_f64(w, f->weight[i]);
    }
    write_f64(w, f->high);
    write_f64(w, f->bias);
    write_f64(w, f->limit);
    write_f64(w, f->impostor);
    write_f64(w, f->owner);
    write_f64(w, f->variance);
    write_f64(w, f->run);
    write_f64(w, f->ceiling);
    write_f64(w, f->floor);
}

static bool fusion_ok(const struct fusion *f)
{
    for (size_t i = 0; i < SCORES; i++) {
        if (!(fabs(f->mean[i]) <= 1e6) || !(f->scale[i] >= 1e-6 && f->scale[i] <= 1e6) ||
            !(fabs(f->weight[i]) <= 1e3)) {
            return false;
        }
    }
    return f->high > 0.0 && f->high <= 1e3 && fabs(f->bias) <= 1e3 && f->limit >= 0.0 &&
           f->limit <= 20.0 && fabs(f->impostor) <= 1e3 && fabs(f->owner) <= 1e3 &&
           f->variance >= 0.0 && f->variance <= 1e6 && f->run >= 1.0 && f->run <= 1e6 &&
           f->ceiling > 0.0 && f->ceiling <= FUSION_SURE && f->floor > 0.0 &&
           f->floor <= FUSION_SURE;
}

bool fusion_read(struct byte_reader *r, struct fusion *f)
{
    for (size_t i = 0; i < SCORES; i++) {
        f->mean[i] = read_f64(r);
        f->scale[i] = read_f64(r);
        f->weight[i] = read_f64(r);
    }
    f->high = read_f64(r);
    f->bias = read_f64(r);
    f->limit = read_f64(r);
    f->impostor = read_f64(r);
    f->owner = read_f64(r);
    f->variance = read_f64(r);
    f->run = read_f64(r);
    f->ceiling = read_f64(r);
    f->floor = read_f64(r);
    return fusion_ok(f);
}

void fusion_lines_write(struct byte_writer *w, const struct fusion_lines *f)
{
    for (size_t i = 0; i < FUSION_LINES; i++) {
        write_f64(w, f->at[i]);
        fusion_write(w, &f->line[i]);
    }
}

bool fusion_lines_read(struct byte_reader *r, struct fusion_lines *f)
{
    double least = 1.0;
    bool good = true;
    for (size_t i = 0; i < FUSION_LINES; i++) {
        f->at[i] = read_f64(r);
        good = f->at[i] >= least && f->at[i] <= SAMPLES_KNOWN && good;
        least = f->at[i];
        good = fusion_read(r, &f->line[i]) && good;
    }
    return good;
}
