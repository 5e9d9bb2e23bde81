# Sourced by docker/image where no Docker engine runs: podman, and buildah for the build, inside a container or a
# virtual machine that lets us do little. What each line is for:
#   runc and cgroupfs   crun refuses hybrid cgroups, and there may be no systemd
#   explicit ulimits    the defaults ask for more than a process without CAP_SYS_RESOURCE may have
#   host network        no bridge can be made without netfilter
#   chroot isolation    the build needs no container runtime at all
state=${NIGHTJAR_CONTAINERS:-$PWD/target/containers}
mkdir -p "$state/storage" "$state/run"
cat >"$state/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
netns = "host"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
CONF
cat >"$state/storage.conf" <<CONF
[storage]
driver = "overlay"
graphroot = "$state/storage"
runroot = "$state/run"
CONF
export CONTAINERS_CONF="$state/containers.conf" CONTAINERS_STORAGE_CONF="$state/storage.conf"
RUN_OPTIONS="--network host"

# Where no registry can be reached, the base image is put together from Debian's own archive.
base_image() {
    podman image exists $base && return
    podman pull -q $base >/dev/null 2>&1 && return
    command -v mmdebstrap >/dev/null 2>&1 || { echo "$base cannot be pulled, and there is no mmdebstrap to make one" >&2; exit 1; }
    echo "No registry can be reached: making $base from Debian's archive with mmdebstrap."
    mmdebstrap --quiet --variant=minbase --include=ca-certificates --dpkgopt='path-exclude=/usr/share/doc/*' \
        bookworm "$state/base.tar" $(ls /etc/apt/sources.list.d/debian.sources 2>/dev/null)
    podman import -q "$state/base.tar" $base >/dev/null
    rm -f "$state/base.tar"
}

build_without_engine() {
    base_image
    # The machine's certificate authorities are lent to the build only: behind a proxy of its own the crates' registry
    # could not be asked otherwise. They are mounted, so nothing of them stays in the image.
    if command -v buildah >/dev/null 2>&1; then
        buildah bud --isolation chroot --network host -v /etc/ssl/certs:/etc/ssl/certs:ro --format docker \
            -f docker/Dockerfile -t $image .
    else
        podman build --isolation chroot --network host -v /etc/ssl/certs:/etc/ssl/certs:ro --format docker \
            -f docker/Dockerfile -t $image .
    fi
}
