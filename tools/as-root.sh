# Sourced: as_root COMMAND... runs it as root, if we are root or sudo asks for no password.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        DEBIAN_FRONTEND=noninteractive "$@"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        sudo -n DEBIAN_FRONTEND=noninteractive "$@"
    else
        echo "cannot run as root: $*" >&2
        return 1
    fi
}
