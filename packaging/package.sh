# shellcheck shell=bash disable=SC2034
# What packaging/deb and packaging/rpm have in common: the tree, the scripts and the facts of the package.

umask 022
root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)
results=${CARGO_TARGET_DIR:-$root/target}/packages
# When it was made, for whoever makes it again: the same sources are the same package.
time=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH=$time
first_versions=$(sed -n 's/^first_versions=//p' "$root/packaging/scriptlets.sh")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Reads the command line of both commands.
#
#   --programs DIR   the programs that were built there, instead of building them
#   --output DIR     where the package goes, instead of target/packages
#   --quick          hardly compressed, for tests
read_arguments() {
    programs='' quick=''
    while [ $# -gt 0 ]; do
        case $1 in
            --programs) programs=$(realpath "${2:?a folder}") && shift 2 ;;
            --output) results=$(realpath -m "${2:?a folder}") && shift 2 ;;
            --quick) quick=1 && shift ;;
            *)
                echo "usage: ${0##*/} [--programs DIR] [--output DIR] [--quick]" >&2
                exit 2
                ;;
        esac
    done
    programs=${programs:-$("$root/packaging/programs")}
    mkdir -p "$results"
}

# The table without its remarks: path mode owner:group kind source.
files() {
    grep -v -e '^#' -e '^$' "$root/packaging/files"
}

# Whether the administrator owns it as soon as it is there: a package that carried it would replace it, or ask.
is_kept() { # path kind
    case $2 in
        config | rotate) ;;
        dir) [[ $1 != /usr/* ]] ;;
        *) false ;;
    esac
}

# Lays out below $work/tree what the package carries.
stage() {
    local path mode owner kind source
    while read -r path mode owner kind source; do
        if is_kept "$path" "$kind"; then
            [ "$kind" = dir ] || lay 0644 "$source" "$work/tree$first_versions$path"
        else
            case $kind in
                dir) install -d -m "$mode" "$work/tree$path" ;;
                program) install -D -m "$mode" "$programs/$source" "$work/tree$path" ;;
                *) lay "$mode" "$source" "$work/tree$path" ;;
            esac
        fi
    done < <(files)
}

lay() { # mode source path
    if [ "$2" = - ]; then
        install -D -m "$1" /dev/null "$3"
    else
        install -D -m "$1" "$root/$2" "$3"
    fi
}

# A script of the package in one piece: the functions, the list of what is kept, and what this script does with them.
scriptlet() { # file
    local path mode owner kind source
    cat "$root/packaging/scriptlets.sh"
    printf '\nkept() {\n    cat <<EOF\n'
    while read -r path mode owner kind source; do
        ! is_kept "$path" "$kind" || echo "$kind $mode $owner $path"
    done < <(files)
    printf 'EOF\n}\n\n'
    cat "$1"
}
