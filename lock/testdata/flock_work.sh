# Increments the counter QUOTA times under flock(1), as the work of process_work_test.go. Usage: flock_work.sh PATH NAME QUOTA
set -eu
path=$1 name=$2 quota=$3
exec 9>>"$path"
while [ "$quota" -gt 0 ]; do
	flock 9
	read -r digits <"$path.counter" || true # the line has no end
	n=${digits#"${digits%%[!0]*}"}
	n=${n:-0}
	echo "enter $name $n" >>"$path.journal"
	printf '%020d' $((n + 1)) 1<>"$path.counter"
	echo "leave $name $n" >>"$path.journal"
	flock -u 9
	quota=$((quota - 1))
done
echo '{"What":"worked"}'
