module github.com/holdfast-lock/holdfast/bench/peers

go 1.26.0

replace github.com/holdfast-lock/holdfast => ../..

require (
	github.com/alexflint/go-filemutex v1.3.0
	github.com/gofrs/flock v0.13.2
	github.com/holdfast-lock/holdfast v0.0.0
	github.com/rogpeppe/go-internal v1.16.0
)

require (
	github.com/HdrHistogram/hdrhistogram-go v1.4.0 // indirect
	github.com/jedib0t/go-pretty/v6 v6.8.3 // indirect
	github.com/mattn/go-runewidth v0.0.16 // indirect
	github.com/rivo/uniseg v0.4.7 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.28.0 // indirect
)
