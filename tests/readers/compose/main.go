// Docker Compose judges the `.env` file, with the reader that it is built from.
//
//	compose WORK
package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/dotenv"
)

func main() {
	work := os.Args[1]
	check("dotenv: compose-go", func() error {
		var expected map[string]string
		if err := readJSON(filepath.Join(work, "expected", "dotenv.json"), &expected); err != nil {
			return err
		}
		return judge(filepath.Join(work, "texts", "dotenv"), expected)
	})
	check("dotenv: compose-go, random values", func() error { return judgeRandom(work) })
}

func check(name string, judgement func() error) {
	if err := judgement(); err != nil {
		fmt.Printf("FAILED %s: %q\n", name, err.Error())
		return
	}
	fmt.Println("ok " + name)
}

// judgeRandom reads the values that the format takes; refused ones have no file.
func judgeRandom(work string) error {
	var values []string
	if err := readJSON(filepath.Join(work, "expected", "random.json"), &values); err != nil {
		return err
	}
	published := 0
	for number, value := range values {
		file := filepath.Join(work, "random", fmt.Sprintf("%d.env", number))
		if _, err := os.Stat(file); err != nil {
			continue
		}
		published++
		if err := judge(file, map[string]string{"VALUE": value, "AFTER": "plain"}); err != nil {
			return err
		}
	}
	if published <= 100 {
		return fmt.Errorf("%d files are published", published)
	}
	return nil
}

func judge(file string, expected map[string]string) error {
	// No variable of the process takes part.
	nothing := func(string) (string, bool) { return "", false }
	found, err := dotenv.ReadWithLookup(nothing, file)
	if err != nil {
		return err
	}
	for key, value := range expected {
		if found[key] != value {
			return fmt.Errorf("%s is %q and not %q", key, found[key], value)
		}
	}
	if !maps.Equal(found, expected) {
		return fmt.Errorf("%d keys and not %d", len(found), len(expected))
	}
	return nil
}

func readJSON(file string, into any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}
