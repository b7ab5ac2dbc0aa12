#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checkpoint and restore through the shim, with fake_criu.py in the place of CRIU.
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/shim.sh"
. "$(dirname "$0")/../lib/criu.sh"

# sleeps: c1 runs.
sleeps() {
	program 'exec sleep 1000'
	shim c1
	create c1
	call Start id=c1
}
# saved: images of c1, which is gone.
saved() {
	sleeps
	call Checkpoint id=c1 "path=$WORK/images" 'options=CheckpointOptions {"exit": true}'
	call Wait id=c1
	call Delete id=c1
	eventually told_both 'exit:c1 ' 'delete: '
	: > "$WORK/events"
}
told_both() { case $(told) in *"$1"*"$2") ;; *) return 1 ;; esac; }

goes_on() {
	with_criu
	sleeps
	call Checkpoint id=c1 "path=$WORK/images"
	asked '3 1'
	status_is c1 2
	exists "$WORK/images/stdio.json"
	exists "$BUNDLE/criu-work/dump.log"
	eventually told_is 'create: start: checkpointed: '
	call Pause id=c1
	call Checkpoint id=c1 "path=$WORK/images" \
		'options=CheckpointOptions {"open_tcp": true, "empty_namespaces": ["network"], "cgroups_mode": "full"}'
	asked '5 1'
	asked '38 1073741824'
	asked '34 4'
	status_is c1 4
}
it goes_on 'Checkpoint: the task goes on or stays paused, the options are CRIU'"'"'s, and it is told'

ends() {
	with_criu
	sleeps
	call Checkpoint id=c1 "path=$WORK/images" 'options=CheckpointOptions {"exit": true}'
	asked '3 0'
	call Wait id=c1
	equal "$(get .exit_status)" 137
	call Delete id=c1
	eventually told_both 'exit:c1 ' 'delete: '
	missing "$WORK/root/$NS/c1"
}
it ends 'Checkpoint that ends the task: its exit is told once, and it can be deleted'

refused_ones() {
	with_criu
	sleeps
	refused '3 checkpoint without a path' Checkpoint id=c1
	refused '3 checkpoint options: cgroups mode "none"' Checkpoint id=c1 "path=$WORK/images" \
		'options=CheckpointOptions {"cgroups_mode": "none"}'
	echo 'Error (x.c:1): no such luck' > "$FAKE_CRIU/fail"
	refused '2 OCI runtime checkpoint failed: criu cannot dump: Error (x.c:1): no such luck' \
		Checkpoint id=c1 "path=$WORK/images"
	status_is c1 2
	equal "$(told)" 'create: start: '
	missing "$WORK/images"
	mkdir "$WORK/images"
	refused '2 OCI runtime checkpoint failed' Checkpoint id=c1 "path=$WORK/images"
	equal "$(ls -A "$WORK/images")" ''
}
it refused_ones 'a checkpoint that fails is refused in words, and the task goes on; it leaves no images'

comes_back() {
	with_criu
	saved
	create c1 "checkpoint=$WORK/images" "stdout=file://$WORK/out"
	equal "$PID" null
	status_is c1 1
	refused '5 process already finished' Kill id=c1 signal=9
	refused '2 cannot exec in a created state' Exec id=c1 exec_id=e1 spec={}
	call Start id=c1
	pid=$(get .pid)
	asked 'type 2'
	asked '5 1'
	has "$(xargs < "$FAKE_CRIU/steps")" "post-restore $pid"
	status_is c1 2
	call Pids id=c1
	has "$(get '.processes[].pid')" "$pid"
	call Pause id=c1
	call Resume id=c1
	call Kill id=c1 signal=15
	call Wait id=c1
	equal "$(get .exit_status)" 143
	call Delete id=c1
	eventually told_is 'create: start: paused: resumed: exit:c1 delete: '
	equal "$(jq -r 'select(.topic == "/tasks/create") | .event.value.checkpoint' "$WORK/events")" "$WORK/images"
	missing "$WORK/root/$NS/c1"
}
it comes_back 'a task created from a checkpoint has no process until its start, and is as any other from then on'

# with_other: a runtime that is none of ours to the shim; what it is called with goes to $WORK/words.
with_other() {
	printf '#!/bin/sh\necho "$@" >> %s\nexec %s "$@"\n' "$WORK/words" "$HULL" > "$WORK/bin/other"
	chmod +x "$WORK/bin/other"
	OTHER='options=Options {"root": "'$WORK/root'", "binary_name": "'$WORK/bin/other'"}'
}
# was_called WORD...: with these words behind the usual ones.
was_called() { sed 's/.*--log-format json //' "$WORK/words" | grep -qxF -e "$*" || die "$(cat "$WORK/words")"; }

of_another_runtime() {
	with_criu
	with_other
	program 'exec sleep 1000'
	shim c1
	create c1 "$OTHER"
	call Start id=c1
	call Checkpoint id=c1 "path=$WORK/images" \
		'options=CheckpointOptions {"open_tcp": true, "empty_namespaces": ["network"], "cgroups_mode": "full"}'
	was_called checkpoint --image-path "$WORK/images" --work-path "$BUNDLE/criu-work" \
		--manage-cgroups-mode full --empty-ns network --leave-running --tcp-established c1
	status_is c1 2
	call Checkpoint id=c1 "path=$WORK/images" 'options=CheckpointOptions {"exit": true}'
	was_called checkpoint --image-path "$WORK/images" --work-path "$BUNDLE/criu-work" \
		--manage-cgroups-mode soft c1
	call Wait id=c1
	call Delete id=c1
	create c1 "checkpoint=$WORK/images" "$OTHER"
	equal "$PID" null
	call Start id=c1
	pid=$(get .pid)
	was_called restore --detach --no-subreaper --image-path "$WORK/images" --work-path "$BUNDLE/criu-work" \
		--bundle "$BUNDLE" --pid-file "$BUNDLE/init.pid" c1
	has "$(xargs < "$FAKE_CRIU/steps")" "post-restore $pid"
	call Kill id=c1 signal=9
	call Wait id=c1
	call Delete id=c1
}
it of_another_runtime 'BinaryName: checkpoint and restore are those of that runtime, with the options that they stand for'

fails_to_come_back() {
	with_criu
	saved
	create c1 "checkpoint=$WORK/images"
	echo 'Error (x.c:1): no such luck' > "$FAKE_CRIU/fail"
	refused '2 OCI runtime restore failed: criu cannot restore: Error (x.c:1): no such luck' Start id=c1
	status_is c1 1
	rm "$FAKE_CRIU/fail"
	call Start id=c1
	status_is c1 2
}
it fails_to_come_back 'a restore that fails is told in words, and can be tried again'

is_discarded() {
	with_criu
	saved
	create c1 "checkpoint=$WORK/images"
	call Delete id=c1
	refused '5 ' State id=c1
	eventually told_is 'create: delete: '
	call Shutdown id=c1
	eventually ended "$SHIM_PID"
}
it is_discarded 'a task created from a checkpoint is deleted without ever having run'

finish
