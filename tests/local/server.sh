#!/usr/bin/env bash
# server.sh start|stop|url: a llama-server with the small model, for tests and
# for `make demo LIVE=1`.  Listens on 127.0.0.1 alone, on $PORT (8081) or the
# next port that is free; asks the network for nothing.  Keeps pid, port and log
# in build/local.
set -euo pipefail
cd "$(dirname "$0")/../.."
dir=build/local
server=$dir/llama/bin/llama-server
[ ! -x $dir/bin/llama-server ] || server=$dir/bin/llama-server

running() {
	[ -e $dir/server.pid ] && kill -0 "$(cat $dir/server.pid)" 2>/dev/null
}

url() {
	echo "http://127.0.0.1:$(cat $dir/server.port)/v1"
}

free_port() {
	local port=${PORT:-8081}
	while (: </dev/tcp/127.0.0.1/"$port") 2>/dev/null; do
		port=$((port + 1))
	done
	echo "$port"
}

start() {
	local port i
	if running; then
		url
		return
	fi
	if [ ! -x "$server" ] || [ ! -e $dir/model.gguf ]; then
		echo 'server: not built; run "make local-model"' >&2
		exit 1
	fi
	port=$(free_port)
	setsid nohup "$server" -m $dir/model.gguf --offline \
	    --host 127.0.0.1 --port "$port" --alias smollm2-135m \
	    -c 8192 -np 4 -t 2 --no-ui >$dir/server.log 2>&1 </dev/null &
	echo $! >$dir/server.pid
	echo "$port" >$dir/server.port
	for ((i = 0; i < 240; i++)); do
		if curl -fs -o /dev/null "http://127.0.0.1:$port/health"; then
			url
			return
		fi
		running || break
		sleep 0.25
	done
	echo 'server: did not come up:' >&2
	tail -n 20 $dir/server.log >&2
	stop
	exit 1
}

stop() {
	local i pid
	running || { rm -f $dir/server.pid; return 0; }
	pid=$(cat $dir/server.pid)
	kill "$pid"
	for ((i = 0; i < 100; i++)); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	rm -f $dir/server.pid
}

case ${1:-} in
start) start ;;
stop) stop ;;
url) running && url ;;
*)
	echo 'usage: server.sh start|stop|url' >&2
	exit 2 ;;
esac
