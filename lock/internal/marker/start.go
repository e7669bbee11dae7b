package marker

import (
	"encoding/hex"
	"hash/fnv"
	"math/big"
	"runtime"
	"strings"

	"github.com/holdfast-lock/holdfast/fs"
)

// StartToken tells a process from a later one with the same number: an integer of any size in canonical decimal spelling, so that tokens are equal as integers if and
// only if they are equal as strings. "" is an unknown one.
//
// Writers make it of what fs.Identity holds: on Linux of the boot's id, as a number of 128 bits, before the 64 bits of [fs.Identity.Start]; elsewhere of Start alone, which does not
// begin anew with every boot there. Where Start is not known, as on the BSDs, there is none.
type StartToken string

// ParseStart reads a token in any spelling that Python's int() takes.
func ParseStart(text string) (StartToken, bool) {
	canonical, ok := parseInt(text)
	return StartToken(canonical), ok
}

// StartOf returns the token that Python and this library write for the process.
func StartOf(id fs.Identity) StartToken { return startOn(runtime.GOOS, id) }

func startOn(goos string, id fs.Identity) StartToken {
	if id.Start == 0 {
		return ""
	}
	n := bootNumber(goos, id.Boot)
	n.Lsh(n, 64)
	return StartToken(n.Or(n, new(big.Int).SetUint64(id.Start)).String())
}

// Is reports whether the token is the process's. That it is not proves nothing unless both are known.
func (s StartToken) Is(id fs.Identity) bool { return s != "" && s == StartOf(id) }

// Identity returns what the record says of the holder in the terms of self, so that the host of self can be asked for its liveness. What the record does not say is
// unknown in it; so is the pid namespace, which no record names.
func (r Record) Identity(self fs.Identity) fs.Identity { return r.identityOn(runtime.GOOS, self) }

func (r Record) identityOn(goos string, self fs.Identity) fs.Identity {
	id := fs.Identity{PID: r.PID, Host: r.Host}
	n, ok := new(big.Int).SetString(string(r.Start), 10)
	if !ok || n.Sign() < 0 || n.BitLen() > 128+64 {
		return id
	}
	boot := new(big.Int).Rsh(n, 64)
	id.Start = n.Sub(n, new(big.Int).Lsh(boot, 64)).Uint64()
	switch own := bootNumber(goos, self.Boot); {
	case boot.Sign() == 0 || own.Sign() == 0: // the holder could not read the id, or this process cannot
	case boot.Cmp(own) == 0:
		id.Boot = self.Boot
	default:
		id.Boot = uuid(boot)
	}
	return id
}

// bootNumber returns what stands for the boot in tokens, 0 for nothing.
func bootNumber(goos, boot string) *big.Int {
	n := new(big.Int)
	if boot == "" {
		return n
	}
	id, err := hex.DecodeString(strings.ReplaceAll(boot, "-", ""))
	switch {
	case err != nil || len(id) != 16:
		// No system calls a boot so, but a simulated machine may: its boots shall differ in the tokens too, on every platform.
		h := fnv.New128a()
		h.Write([]byte(boot))
		return n.SetBytes(h.Sum(nil))
	case goos == "linux" || goos == "android":
		return n.SetBytes(id)
	}
	return n
}

// uuid spells the number of a boot as Linux spells its id.
func uuid(n *big.Int) string {
	digits := hex.EncodeToString(n.FillBytes(make([]byte, 16)))
	return strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-")
}
