using System.CommandLine;

namespace Prefork.Tool.UnitTests;

/// <summary>
/// Command lines as somebody might type them who knows nothing: every option and argument of every command, with values of every kind but a program that would run.
/// They are run in a folder of their own, where no application lives.
/// </summary>
internal sealed class RandomCommandLines : IDisposable
{
    private static readonly string[] s_values =
    [
        "", " ", "-", "--", "---", "abc", "shop", "-1", "0", "1", "+1", "-0", "0.5", "1.5", "1e308", "-1e-400", "NaN", "Infinity", "99999999999999999999", "2147483648", "1,5", "٣", "max", "max-1", "max+1",
        "\t", "\r", "\a", "a\nprefork: b", "\x1b[2J", "\u009b2J", "\u202egpj", "\u200b", "ü", "👍", "%s%n", "{0}", "[red]", "[/]", "[[", "'", "\"", "\\", "`true`", "$(true)", ";", "*", "?", "~", "=", "=b", "a=", "a=b=c", ":", ",", "1,2", "256",
        "500ms", "30s", "25d", "366d", "1h1m", "ms", "300M", "2G", "9999999999G", "-5K", "* * * * *", "@daily", "60 * * * *", "0 0 30 2 *", "http://", "http://x:99999/", "https://[::1]/", "ftp://x", "/health", "//", "tcp", "command:", "command:x/y",
        "rss", "pss", "rr", "shared", "least", "rolling", "all-at-once", "true", "false", "True", "null", "@", "@missing", "@.", ".", "..", "/", "/dev/null", "/proc/self/mem", "/nowhere/App.dll", "folder", "text.txt", "no.dll", "App.csproj", "empty.json", "bad.json", "good.json", "list.json", "../..", "%2e%2e",
        "--json", "-h", "--help", "--version", "-?", "/?", "/h", "-w", "-ww", "-n", "--no-such-option", "[suggest]", "[parse]", "[diagram]", "#!", "1024", "1025",
    ];

    private readonly Random _random;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("prefork-test-");
    private readonly string _before = Directory.GetCurrentDirectory();
    private readonly List<Command> _commands;

    internal RandomCommandLines(int seed)
    {
        _random = new Random(seed);
        _commands = [.. CommandTree.Create(null).Subcommands];
        foreach (var variable in new[] { "XDG_RUNTIME_DIR", "XDG_STATE_HOME" })
        {
            Environment.SetEnvironmentVariable(variable, _folder.FullName);
        }

        Directory.SetCurrentDirectory(_folder.FullName);
        Directory.CreateDirectory("folder");
        foreach (var (name, text) in new[]
        {
            ("text.txt", "text\n"), ("no.dll", "MZ"), ("App.csproj", ""), ("empty.json", ""), ("bad.json", """{ "program": 5 """), ("good.json", """{ "program": "nowhere.dll", "workers": 2 }"""), ("list.json", "[]"),
        })
        {
            File.WriteAllText(name, text);
        }
    }

    internal string[] Next()
    {
        var command = Pick(_commands);
        List<string> words = [_random.Next(20) == 0 ? Value() : command.Name];
        for (var count = _random.Next(6); count > 0; count--)
        {
            switch (_random.Next(4))
            {
                case 0:
                    words.Add(Value());
                    break;
                case 1:
                    words.Insert(_random.Next(words.Count + 1), Value());
                    break;
                case var _ when command.Options.Count > 0:
                    AddOption(words, Pick(command.Options));
                    break;
            }
        }

        if (_random.Next(20) == 0)
        {
            words.AddRange(["--", Value()]);
        }

        return [.. words];
    }

    /// <summary>Why what it did is not right; null when it is.</summary>
    internal static async Task<string?> RunAsync(string[] words)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var (outputBefore, errorBefore) = (Console.Out, Console.Error);
        Console.SetOut(output);
        Console.SetError(error);
        try
        {
            // Some go on till Ctrl+C.
            using var enough = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
            var code = await CommandTree.RunAsync(words, enough.Token).WaitAsync(TimeSpan.FromSeconds(20));
            var said = $"{output}{error}";
            return code is < 0 or > 4 ? $"code {code}"
                : code != 0 && !$"{error}".StartsWith("prefork: ", StringComparison.Ordinal) ? $"code {code} without a reason: {said}"
                : said.Contains("Exception", StringComparison.Ordinal) || said.Contains("\n   at ", StringComparison.Ordinal) ? said
                : said.FirstOrDefault(static letter => (char.IsControl(letter) && letter != '\n') || letter is '\u202e' or '\u200b') is var letter and not '\0' ? $"character {(int)letter:x}"
                : null;
        }
        catch (Exception exception)
        {
            return $"{exception}";
        }
        finally
        {
            Console.SetOut(outputBefore);
            Console.SetError(errorBefore);
        }
    }

    public void Dispose()
    {
        Directory.SetCurrentDirectory(_before);
        _folder.Delete(recursive: true);
    }

    private void AddOption(List<string> words, Option option)
    {
        var name = Pick([option.Name, .. option.Aliases]);
        switch (_random.Next(6))
        {
            case 0:
                words.Add(name);
                break;
            case 1:
                words.Add($"{name}={Value()}");
                break;
            case 2:
                words.Add($"{name}:{Value()}");
                break;
            case 3:
                words.Add($"{name}{Value()}");
                break;
            default:
                words.AddRange([name, Value()]);
                break;
        }
    }

    private string Value() => _random.Next(50) == 0 ? new string('x', 5000) : Pick(s_values);

    private T Pick<T>(IList<T> from) => from[_random.Next(from.Count)];
}
