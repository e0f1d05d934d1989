# Completion for bash. Made by scripts/completion --update from --help.
_posttls_audit()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} options=
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W 'scan explain lint replay diff report merge migrate history acknowledge advise --help --version' -- "$cur"))
        return
    fi
    COMPREPLY=()
    case $prev in
        --allow-address|--at|--comment|--concurrency|--confirm|--deadline|--horizon|--interval|--keep|-o|--override|--per-host|--per-provider|--postfix-version|--proposed-override|--proposed-version|--rate|--resolver|--retry-after|--runs|--sender|--timeout|--until|--user) return ;;
        --as) COMPREPLY=($(compgen -W 'dane mta-sts' -- "$cur")); return ;;
        -c|--config-dir|--proposed) COMPREPLY=($(compgen -d -- "$cur")); return ;;
        --csv|--exclude|-f|--file|--from-log|--history|--html|--json|--jsonl|--junit|--metrics|--resume|--sarif|--save-facts|--text) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        --fail-on) COMPREPLY=($(compgen -W 'downgrade defer never' -- "$cur")); return ;;
        --progress) COMPREPLY=($(compgen -W 'auto always never' -- "$cur")); return ;;
    esac
    case ${COMP_WORDS[1]} in
        scan) options='--config-dir --override --postfix-version --sender --proposed --proposed-override --proposed-version --file --from-log --from-queue --resolver --concurrency --per-host --per-provider --rate --interval --retry-after --timeout --deadline --allow-address --exclude --dry-run --advise --user --resume --syslog --mta-sts --as --at --horizon --fail-on --history --changes-only --confirm --runs --save-facts --text --json --jsonl --html --csv --junit --sarif --metrics --progress --verbose --quiet --help' ;;
        explain) options='--config-dir --override --postfix-version --sender --file --resolver --concurrency --per-host --per-provider --rate --interval --retry-after --timeout --deadline --allow-address --exclude --advise --user --offline --mta-sts --as --at --horizon --fail-on --save-facts --json --progress --verbose --quiet --help' ;;
        lint) options='--config-dir --override --postfix-version --text --json --sarif --quiet --help' ;;
        replay) options='--config-dir --override --postfix-version --sender --proposed --proposed-override --proposed-version --allow-address --syslog --mta-sts --as --at --horizon --fail-on --history --changes-only --confirm --runs --text --json --jsonl --html --csv --junit --sarif --metrics --verbose --quiet --help' ;;
        diff) options='--fail-on --history --text --json --quiet --help' ;;
        report) options='--fail-on --text --json --jsonl --html --csv --junit --sarif --metrics --verbose --quiet --help' ;;
        merge) options='--fail-on --save-facts --text --json --jsonl --html --csv --junit --sarif --metrics --verbose --quiet --help' ;;
        migrate) options='--config-dir --override --postfix-version --help' ;;
        history) options='--history --keep --text --json --quiet --help' ;;
        acknowledge) options='--history --until --comment --withdraw --help' ;;
        advise) options='--config-dir --override --postfix-version --sender --file --resolver --concurrency --per-host --per-provider --rate --interval --retry-after --timeout --deadline --allow-address --exclude --user --at --horizon --history --runs --save-facts --progress --help' ;;
    esac
    case $cur in
        -*) COMPREPLY=($(compgen -W "$options" -- "$cur")); return ;;
    esac
    case ${COMP_WORDS[1]} in
        advise|replay|diff|report|merge) COMPREPLY=($(compgen -f -- "$cur")) ;;
    esac
}
complete -o filenames -F _posttls_audit posttls-audit
