//go:build linux && gc && go1.26 && !go1.28

// Go functions without a body are accepted only in a package that has an assembly file.
