#!/usr/bin/env bash
# record.sh: make samples/recorded.db, the model calls that `make demo` replays.
# Runs the demo live on SmolLM2-135M (make local-model) and keeps the calls
# alone: no runs, no records, nothing of this machine.  Half an hour on two
# cores.
set -euo pipefail
cd "$(dirname "$0")/.."
out=build/record
LIVE=1 PORT=8081 samples/demo.sh $out
sqlite3 $out/riddle.db "
	DELETE FROM run; DELETE FROM input; DELETE FROM note;
	DELETE FROM segment; DELETE FROM lookup; DELETE FROM alias;
	DELETE FROM loss; DELETE FROM image; DELETE FROM quota;
	UPDATE call SET run = NULL;
	PRAGMA journal_mode = DELETE;" 'VACUUM'
cp $out/riddle.db samples/recorded.db
ls -l samples/recorded.db
