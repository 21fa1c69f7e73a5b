/* canara completion: scripts for bash, zsh and fish, written from the tables. */
#include "app/cli/options.h"
#include "app/commands/commands.h"
#include "app/operate/ctl.h"
#include "app/settings/settings_table.h"
#include "lab/sets/importer.h"

#include <stdio.h>
#include <string.h>

static void print_commands(const char *end)
{
    size_t count = 0;
    const struct command *const all = commands_all(&count);
    for (size_t i = 0; i < count; i++) {
        (void)printf(i + 1 < count ? "%s " : "%s", all[i].name);
    }
    (void)printf("%s", end);
}

static void print_settings(const char *behind, const char *end)
{
    size_t count = 0;
    const struct setting_row *const rows = settings_rows(&count);
    for (size_t i = 0; i < count; i++) {
        (void)printf("%s%s%s", rows[i].name, behind, i + 1 < count ? " " : "");
    }
    (void)printf("%s", end);
}

static void print_sets(const char *end)
{
    size_t count = 0;
    const struct importer *const all = importers_all(&count);
    for (size_t i = 0; i < count; i++) {
        (void)printf(i + 1 < count ? "%s " : "%s", all[i].name);
    }
    (void)printf("%s", end);
}

static void print_verbs(const char *end)
{
    for (size_t i = 0; ctl_verb_name(i) != NULL; i++) {
        (void)printf(i == 0 ? "%s" : " %s", ctl_verb_name(i));
    }
    (void)printf("%s", end);
}

/* Options that take one word of few. */
struct choice {
    const char *command, *option, *words;
};

static void print_choices(void (*print)(const struct choice *c))
{
    static const struct choice rows[] = {
        {"evaluate", "detector", "manhattan scaled-manhattan one-class ratio full"},
        {"evaluate", "background", "none all pairs:6 folds:3 leave-two-out"},
        {"evaluate", "adapt", "off gated"},
        {"evaluate", "impostors", "first practised"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print(&rows[i]);
    }
}

static void bash_choice(const struct choice *c)
{
    (void)printf("    elif [ \"${COMP_WORDS[1]}\" = %s ] && [ \"$before\" = --%s ]; then\n"
                 "        COMPREPLY=($(compgen -W '%s' -- \"$word\"))\n",
                 c->command, c->option, c->words);
}

static void zsh_choice(const struct choice *c)
{
    (void)printf("    elif [[ ${words[2]} == %s && ${words[CURRENT-1]} == --%s ]]; then\n"
                 "        compadd -- %s\n",
                 c->command, c->option, c->words);
}

static void fish_choice(const struct choice *c)
{
    (void)printf("complete -c canara -n '__fish_seen_subcommand_from %s' -l %s -x -a '%s'\n",
                 c->command, c->option, c->words);
}

static void print_bash(void)
{
    (void)printf("_canara() {\n"
                 "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
                 "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
                 "        COMPREPLY=($(compgen -W '");
    print_commands(" --help --version' -- \"$word\"))\n");
    (void)printf("    elif [ \"$before\" = --set ]; then\n"
                 "        compopt -o nospace\n"
                 "        COMPREPLY=($(compgen -W '");
    print_settings("=", "' -- \"$word\"))\n");
    (void)printf("    elif [ \"${COMP_WORDS[1]}\" = keygen ] && [ \"$COMP_CWORD\" = 2 ]; then\n"
                 "        COMPREPLY=($(compgen -W 'secret pepper --help' -- \"$word\"))\n"
                 "    elif [ \"${COMP_WORDS[1]}\" = dataset ] && [ \"$COMP_CWORD\" = 2 ]; then\n"
                 "        COMPREPLY=($(compgen -W 'import list check --help' -- \"$word\"))\n"
                 "    elif [ \"${COMP_WORDS[1]}\" = loadtest ] && [ \"$COMP_CWORD\" = 2 ]; then\n"
                 "        COMPREPLY=($(compgen -W 'prepare run --help' -- \"$word\"))\n"
                 "    elif [ \"${COMP_WORDS[1]}\" = ctl ] && [ \"$COMP_CWORD\" = 2 ]; then\n"
                 "        COMPREPLY=($(compgen -W '");
    print_verbs(" --help' -- \"$word\"))\n");
    (void)printf("    elif [ \"${COMP_WORDS[1]}\" = dataset ] && [ \"$before\" = import ]; then\n"
                 "        COMPREPLY=($(compgen -W '");
    print_sets("' -- \"$word\"))\n");
    print_choices(bash_choice);
    (void)printf(
        "    elif [ \"${COMP_WORDS[1]}\" = completion ]; then\n"
        "        COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$word\"))\n"
        "    elif [[ $word == -* ]]; then\n"
        "        COMPREPLY=($(compgen -W \"$(\"${COMP_WORDS[0]}\" \"${COMP_WORDS[1]}\" --help "
        "2>/dev/null | grep -o '^  --[a-z-]*')\" -- \"$word\"))\n"
        "    else\n"
        "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
        "    fi\n"
        "}\n"
        "complete -F _canara canara\n");
}

static void print_zsh(void)
{
    size_t count = 0;
    const struct command *const all = commands_all(&count);
    (void)printf("#compdef canara\n"
                 "_canara() {\n"
                 "    local -a commands settings\n"
                 "    commands=(\n");
    for (size_t i = 0; i < count; i++) {
        (void)printf("        '%s:%s'\n", all[i].name, all[i].help);
    }
    (void)printf("    )\n    settings=(");
    print_settings("=", ")\n");
    (void)printf("    if (( CURRENT == 2 )); then\n"
                 "        _describe command commands\n"
                 "    elif [[ ${words[CURRENT-1]} == --set ]]; then\n"
                 "        compadd -S '' -- $settings\n"
                 "    elif [[ ${words[2]} == keygen && CURRENT -eq 3 ]]; then\n"
                 "        compadd secret pepper\n"
                 "    elif [[ ${words[2]} == dataset && CURRENT -eq 3 ]]; then\n"
                 "        compadd import list check\n"
                 "    elif [[ ${words[2]} == loadtest && CURRENT -eq 3 ]]; then\n"
                 "        compadd prepare run\n"
                 "    elif [[ ${words[2]} == ctl && CURRENT -eq 3 ]]; then\n"
                 "        compadd ");
    print_verbs("\n");
    (void)printf("    elif [[ ${words[2]} == dataset && ${words[CURRENT-1]} == import ]]; then\n"
                 "        compadd ");
    print_sets("\n");
    print_choices(zsh_choice);
    (void)printf("    elif [[ ${words[2]} == completion ]]; then\n"
                 "        compadd bash zsh fish\n"
                 "    elif [[ ${words[CURRENT]} == -* ]]; then\n"
                 "        compadd -- ${(f)\"$($words[1] $words[2] --help 2>/dev/null | "
                 "grep -o '^  --[a-z-]*' | tr -d ' ')\"}\n"
                 "    else\n"
                 "        _files\n"
                 "    fi\n"
                 "}\n"
                 "compdef _canara canara\n");
}

static void print_fish(void)
{
    size_t count = 0;
    const struct command *const all = commands_all(&count);
    for (size_t i = 0; i < count; i++) {
        (void)printf("complete -c canara -n __fish_use_subcommand -f -a %s -d '%s'\n", all[i].name,
                     all[i].help);
    }
    (void)printf(
        "complete -c canara -n '__fish_seen_subcommand_from keygen' -a 'secret pepper'\n"
        "complete -c canara -n '__fish_seen_subcommand_from dataset' -a 'import list check ");
    print_sets("'\n");
    (void)printf("complete -c canara -n '__fish_seen_subcommand_from loadtest' "
                 "-a 'prepare run'\n"
                 "complete -c canara -n '__fish_seen_subcommand_from ctl' -f -a '");
    print_verbs("'\n");
    (void)printf("complete -c canara -n '__fish_seen_subcommand_from completion' -f "
                 "-a 'bash zsh fish'\n"
                 "complete -c canara -n 'string match -q -- \"-*\" (commandline -ct)' -f -a "
                 "'(canara (commandline -opc)[2] --help 2>/dev/null | "
                 "string match -rg -- \"^  (--[a-z-]+)\")'\n"
                 "complete -c canara -l help -d 'print help and leave'\n");
    print_choices(fish_choice);
    (void)printf("complete -c canara -l set -x -a '");
    print_settings("=", "' -d 'a setting'\n");
}

int cmd_completion(int argc, char **argv)
{
    static const struct {
        const char *shell;
        void (*print)(void);
    } shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
    const struct option_spec spec = {
        .command = "canara completion",
        .usage = "bash | zsh | fish",
        .about = "Print a completion script; for bash:  . <(canara completion bash)",
        .words_min = 1,
        .words_max = 1,
    };
    struct option_words words = {0};
    const enum option_answer answer = options_read(&spec, argc, argv, &words);
    if (answer != OPTIONS_OK) {
        return answer == OPTIONS_HELP ? EXIT_CODE_DONE : EXIT_CODE_USAGE;
    }
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(words.word[0], shells[i].shell) == 0) {
            shells[i].print();
            return EXIT_CODE_DONE;
        }
    }
    (void)fprintf(stderr, "canara completion: %.32s: must be bash, zsh or fish\n", words.word[0]);
    return EXIT_CODE_USAGE;
}
