#include "crypto/guess.h"

#include "base/util.h"

#include <stddef.h>
#include <string.h>

enum { PASSWORD_MAX = 128, TAIL_MAX = 4, RUN_MIN = 4 };

/* ---- MPINs -------------------------------------------------------------------------------- */

static bool is_digits(span_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
    }
    return text.len > 0;
}

/* Every digit is the one before plus `step`; runs of one go on past 9 to 0 and back. */
static bool is_run(span_t mpin, int step)
{
    for (size_t i = 1; i < mpin.len; i++) {
        const int got = mpin.ptr[i] - mpin.ptr[i - 1];
        const bool around = (step == 1 && got == -9) || (step == -1 && got == 9);
        if (got != step && !around) {
            return false;
        }
    }
    return true;
}

/* The text is one part again and again, cut short or not: 1212, 123123, 12341. */
static bool is_repeated(span_t text)
{
    for (size_t part = 1; part <= text.len / 2; part++) {
        if (memcmp(text.ptr, text.ptr + part, text.len - part) == 0) {
            return true;
        }
    }
    return false;
}

/* 1122, 112233. */
static bool is_pairs(span_t text)
{
    for (size_t i = 0; i + 1 < text.len; i += 2) {
        if (text.ptr[i] != text.ptr[i + 1]) {
            return false;
        }
    }
    return text.len % 2 == 0;
}

static bool is_year(span_t mpin)
{
    return mpin.len == 4 && (memcmp(mpin.ptr, "19", 2) == 0 || memcmp(mpin.ptr, "20", 2) == 0);
}

/* Ways over the keypad, and what else stands high in leaked lists. */
static bool is_known_mpin(span_t mpin)
{
    static const char *const known[] = {
        "2580",   "0852",   "1470",   "0741",   "3690",   "0963",   "1379",   "1397",   "7139",
        "1593",   "1478",   "1236",   "3698",   "7896",   "1004",   "0007",   "5683",   "1221",
        "2112",   "147258", "258369", "369258", "147369", "159753", "753159", "159357", "357159",
        "258000", "123321", "321123", "123654", "456123", "112211", "520131", "789456", "987321",
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (span_eq(mpin, (span_t){(const uint8_t *)known[i], strlen(known[i])})) {
            return true;
        }
    }
    return false;
}

bool mpin_is_guessable(span_t mpin)
{
    static const int steps[] = {0, 1, -1, 2, -2};
    if (!is_digits(mpin)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        if (is_run(mpin, steps[i])) {
            return true;
        }
    }
    return is_repeated(mpin) || is_pairs(mpin) || is_year(mpin) || is_known_mpin(mpin);
}

bool mpin_is_sample(span_t mpin)
{
    return span_eq(mpin, SPAN_LIT("1234")) || span_eq(mpin, SPAN_LIT("0000"));
}

/* ---- passwords ---------------------------------------------------------------------------- */

/* clang-format off */
static const char *const common[] = {
    "aaa", "abc", "abcabc", "abcd", "abcdef", "abcdefg", "access", "access14", "account", "admin",
    "administrator", "alexander", "america", "andrew", "angel", "angels", "anthony", "april",
    "arsenal", "asdfasdf", "asdfgh", "asdfghjkl", "ashley", "asshole", "august", "australia",
    "autumn", "azerty", "baby", "babyboy", "babygirl", "bailey", "bank", "banking", "barcelona",
    "baseball", "basketball", "batman", "berlin", "bharat", "blahblah", "blessed", "brother",
    "bullshit", "buster", "butterfly", "california", "canada", "canara", "canarabank", "change",
    "changeit", "changeme", "charlie", "cheese", "chelsea", "chicago", "chocolate", "christian",
    "computer", "contrasena", "cookie", "corvette", "cowboys", "creditcard", "crystal", "daddy",
    "daniel", "december", "default", "delhi", "demo", "demodemo", "diamond", "dollar", "dolphin",
    "dragon", "eagle", "eagles", "elizabeth", "everything", "example", "facebook", "family",
    "father", "february", "ferrari", "flower", "football", "forever", "forever21", "fortnite",
    "freedom", "friday", "fuckoff", "fuckyou", "gandalf", "ganesh", "garfield", "ginger", "golden",
    "goodbye", "google", "guest", "hannah", "harley", "harrypotter", "haslo", "heaven", "hello",
    "hellohello", "helloworld", "hockey", "hogwarts", "hunter", "ilovegod", "iloveu", "iloveu2",
    "iloveyou", "iloveyou1", "india", "indian", "instagram", "internet", "ironman", "jaisriram",
    "january", "jennifer", "jessica", "jesus", "jesuschrist", "jonathan", "jordan", "joshua",
    "juventus", "killer", "knight", "krishna", "lakers", "lakshmi", "letmein", "linkedin", "lion",
    "liverpool", "login", "london", "lovely", "loveme", "lovers", "loveyou", "manchester", "march",
    "master", "matrix", "matthew", "mercedes", "merlin", "michael", "michelle", "microsoft",
    "minecraft", "mommy", "monday", "money", "monkey", "motdepasse", "mother", "mumbai", "mustang",
    "mybank", "mylove", "mypassword", "naruto", "newpassword", "newyork", "nicole", "nintendo",
    "nothing", "november", "october", "oldpassword", "orange", "paris", "parola", "passcode",
    "passphrase", "passw0rd", "password", "password1password", "passwordpassword", "passwort",
    "pepper", "phoenix", "playstation", "pokemon", "porsche", "princesa", "princess", "purple",
    "qaz", "qazwsx", "qazwsxedc", "qweasd", "qweasdzxc", "qwerty", "qwertyuiop", "qwertz",
    "rainbow", "ranger", "rangers", "realmadrid", "robert", "roblox", "root", "samantha", "sample",
    "samsung", "saturday", "scooby", "secret", "secretpassword", "secure", "security", "senha",
    "september", "sexy", "sexyboy", "sexygirl", "shadow", "shivani", "silver", "sister", "snoopy",
    "soccer", "spiderman", "spring", "startrek", "starwars", "steelers", "summer", "summertime",
    "sunday", "sunshine", "superman", "superuser", "temp", "temporary", "test", "test1234test",
    "tester", "testing", "testtest", "thepassword", "thomas", "thursday", "tiger", "tigger",
    "toor", "topsecret", "trustno1", "tuesday", "twitter", "user", "username", "warrior",
    "wednesday", "welcome", "whatever", "william", "windows", "winter", "wizard", "wsx", "xxx",
    "yamaha", "yankees", "yellow", "yourpassword", "zaq", "zaqwsx", "zaqxsw", "zxcvbn", "zxcvbnm",
};
/* clang-format on */

/* Rows that a finger or a mind runs along, either way. */
static const char *const tracks[] = {
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn",
    "1q2w3e4r5t6y7u8i9o0p",
    "qazwsxedcrfvtgb",
    "qwertzuiop",
    "azertyuiop",
};

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

/* What people write for a letter. */
static char letter_meant(char c)
{
    static const char written[] = "0134578@$!";
    static const char meant[] = "oieastbasi";
    const char *const at = c == '\0' ? NULL : strchr(written, c);
    if (at == NULL) {
        return c;
    }
    return meant[at - written];
}

static bool is_listed(const char *word)
{
    for (size_t i = 0; i < ARRAY_LEN(common); i++) {
        if (strcmp(word, common[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The word itself, and with up to four digits or signs cut off its end. */
static bool is_listed_with_tail(char *word, size_t len)
{
    if (is_listed(word)) {
        return true;
    }
    for (size_t cut = 1; cut <= TAIL_MAX && cut < len && !is_letter(word[len - cut]); cut++) {
        word[len - cut] = '\0';
        if (is_listed(word)) {
            return true;
        }
    }
    return false;
}

/* Length of the longest piece of `track`, forward or backward, that begins at `text`. */
static size_t longest_on(const char *track, const char *text)
{
    size_t best = 0;
    const size_t len = strlen(track);
    for (size_t at = 0; at < len; at++) {
        size_t forward = 0;
        while (at + forward < len && text[forward] == track[at + forward]) {
            forward++;
        }
        size_t backward = 0;
        while (backward <= at && text[backward] == track[at - backward]) {
            backward++;
        }
        best = size_max(best, size_max(forward, backward));
    }
    return best;
}

/* Made of runs of four or more alone, but for two characters: qwerty1234, abcd4321. */
static bool is_runs(const char *text, size_t len)
{
    size_t outside = 0;
    for (size_t i = 0; i < len;) {
        size_t best = 0;
        for (size_t t = 0; t < ARRAY_LEN(tracks); t++) {
            best = size_max(best, longest_on(tracks[t], text + i));
        }
        if (best >= RUN_MIN) {
            i += best;
        } else {
            outside++;
            i++;
        }
    }
    return outside <= 2;
}

bool password_is_common(span_t password)
{
    char plain[PASSWORD_MAX + 1] = {0};
    char meant[PASSWORD_MAX + 1] = {0};
    const size_t len = password.len;
    if (len == 0 || len > PASSWORD_MAX || memchr(password.ptr, 0, len) != NULL) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        plain[i] = ascii_lower((char)password.ptr[i]);
        meant[i] = letter_meant(plain[i]);
    }
    bool found = is_repeated((span_t){(const uint8_t *)plain, len}) || is_runs(plain, len);
    /* The tail of the one that keeps its digits is cut; then the letters meant by them. */
    found = found || is_listed(meant) || is_listed_with_tail(plain, len);
    for (size_t i = 0; plain[i] != '\0'; i++) {
        meant[i] = letter_meant(plain[i]);
        meant[i + 1] = '\0';
    }
    found = found || is_listed(meant);
    explicit_bzero(plain, sizeof plain);
    explicit_bzero(meant, sizeof meant);
    return found;
}
