using System.Diagnostics;

namespace Prefork.Tool.Tests;

/// <summary>The scripts of <c>prefork completion</c>, loaded by the shells that they are for.</summary>
public class Completing
{
    // Each prints what its shell offers for the words that are its first argument.
    private const string Bash = """
        source <(prefork completion bash)
        read -ra COMP_WORDS <<<"$1"
        [[ $1 == *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        compopt() { :; }
        _prefork
        printf '%s\n' "${COMPREPLY[@]}"
        """;

    private const string Fish = "prefork completion fish | source; complete -C $argv[1] | string replace -r '\\t.*' ''";

    // zsh completes only where somebody types. What is completed is echoed once more, between two words that say that it is.
    private const string Zsh = """
        zmodload zsh/zpty
        zpty typed zsh -f -i
        zpty -w typed 'PS1=; autoload -U compinit; compinit -D -u; source <(prefork completion zsh); show() { print -r -- "<${(q)BUFFER}>"; BUFFER= }; zle -N show; bindkey "^X" show; setopt auto_list no_menu_complete; print loaded-$((40 + 2))'
        zpty -r typed seen '*loaded-42*'
        zpty -w -n typed "$1"$'\t\x18'
        zpty -r typed seen '*<*>*'
        print -r -- ${${${seen##*<}%%>*}//\\/}
        """;

    [Theory]
    [InlineData("prefork rel", "reload")]
    [InlineData("prefork reload --mode al", "all-at-once")]
    [InlineData("prefork reload --canary-s", "--canary-share")]
    [InlineData("prefork stop sh", "shop")]
    [InlineData("prefork logs -n 5 sh", "shop")]
    [InlineData("prefork run --config pre", "prefork.json")]
    [InlineData("prefork run -- pre", "prefork.json")]
    public async Task AShell_CompletesWhatThereIs(string typed, string expected)
    {
        await using var app = new TestApplication();
        await app.WriteAsync("{}");
        var path = $"{app.Folder}/bin";
        Directory.CreateDirectory(path);
        File.CreateSymbolicLink($"{path}/prefork", Published.Command);
        Assert.SkipUnless(new[] { "bash", "zsh", "fish" }.All(static shell => File.Exists($"/usr/bin/{shell}")), "bash, zsh or fish is not installed: ./test.sh does it.");
        if (expected == "shop")
        {
            await app.StartAsync("-w", "1");
        }

        Assert.Equal(expected, await CompleteAsync("bash", ["-c", Bash, "_", typed]));
        Assert.Equal(expected, await CompleteAsync("fish", ["-N", "-c", Fish, typed]));
        Assert.EndsWith(expected, await CompleteAsync("zsh", ["-f", "-c", Zsh, "_", typed]), StringComparison.Ordinal);

        async Task<string> CompleteAsync(string shell, string[] arguments)
        {
            var (_, output, error) = await app.RunAsync(new ProcessStartInfo(shell, arguments), ("PATH", $"{path}:{System.Environment.GetEnvironmentVariable("PATH")}"), ("HOME", app.Folder), ("TERM", "dumb"));
            Assert.Equal("", error);
            return output.Trim();
        }
    }

    [Fact]
    public async Task AShellThatThereIsNoScriptFor_IsRefused()
    {
        await using var app = new TestApplication();
        var (code, _, error) = await app.CommandAsync("completion", "tcsh");
        Assert.Equal(2, code);
        Assert.StartsWith("prefork: there is no script for 'tcsh': give bash, zsh or fish.", error, StringComparison.Ordinal);
    }
}
