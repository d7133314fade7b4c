#!/usr/bin/env bash
# demo-preference.sh OUT: InstructEngine's last steps on drawn pictures, without
# a key and without a network.  The contrasts of samples/contrasts.jsonl were
# written by hand, and their pictures are those of samples/demo-clip; in one of
# them both pictures are wrong.  Which pairs hold is measured here and now, by
# the demo's CLIP model.
set -euo pipefail
out=${1:?usage: demo-preference.sh OUT [SETTING=VALUE...]}
shift
cd "$(dirname "$0")/.."
export RIDDLE_LEDGER=$out/riddle.db

rm -rf "$out"
mkdir -p "$out"
{
	riddle image-ingest --max-failed 100% samples/demo-clip/images/*.[jp]*g \
	    >"$out/images.jsonl"
	# Each side gets the record of its picture.
	jq -c --slurpfile images "$out/images.jsonl" '
	    ($images | map({ (.uri): del(.kind, .from) }) | add) as $by |
	    .sides |= map(.image = $by[.picture] | del(.picture))
	' samples/contrasts.jsonl >"$out/made.jsonl"
	make -s -f pipelines/instructengine/stages.mk OUT="$out" \
	    NAME='riddle demo of preferences' DRAWN="$out/made.jsonl" \
	    CLIP=samples/demo-clip PRECISION=reference FOLDS=5 \
	    MAX_FAILED=100% LICENCE=apache-2.0 "$@"
} 2>"$out/log" || {
	tail -n 20 "$out/log" >&2
	exit 1
}

echo '== The funnel'
mapfile -t runs < <(jq -r .run "$out/funnel.jsonl")
riddle ledger funnel "${runs[@]}"
echo
echo '== Three triples: instruction, the picture to prefer, the other'
head -n 3 "$out/triples.jsonl" |
	jq -c '[.prompt, .chosen.image.uri, .rejected.image.uri]'
echo
echo '== A pair that was dropped, and why'
lost=$(jq -r .id "$out/failed/aligned.jsonl" | head -n 1)
riddle ledger why "$lost"
echo
echo "== Look at $out/report.html; the dataset is $out/dataset (Pick-a-Pic's"
echo "   columns) and $out/shards (WebDataset)"
