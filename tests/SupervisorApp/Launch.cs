using System.Globalization;
using Prefork;

namespace SupervisorApp;

/// <summary>What the next generation is to run: words that a test changes.</summary>
internal sealed class Launch
{
    private static readonly string[] s_own = ["exec", "args", "cwd", "files", "hold"];

    private volatile Dictionary<string, string> _words = [];

    internal void Set(params IEnumerable<string> words)
    {
        var next = new Dictionary<string, string>(_words);
        foreach (var word in words)
        {
            var parts = word.Split('=', 2);
            next[parts[0]] = parts[1];
        }

        _words = next;
    }

    internal void Apply(ClusterSettings settings)
    {
        var words = _words;
        Hold("launch");
        settings.Exec = words["exec"];
        settings.Arguments = words.TryGetValue("args", out var arguments) && arguments.Length > 0 ? arguments.Split(',') : [];
        settings.WorkingDirectory = words.GetValueOrDefault("cwd");
        if (words.TryGetValue("files", out var timeout))
        {
            settings.FileSystemTimeout = TimeSpan.FromMilliseconds(int.Parse(timeout, CultureInfo.InvariantCulture));
        }

        settings.Environment = words.Where(word => !s_own.Contains(word.Key)).ToDictionary(word => word.Key, string? (word) => word.Value);
        if (words.GetValueOrDefault("refuse") is { Length: > 0 } why)
        {
            throw new InvalidOperationException(why);
        }
    }

    /// <summary>Does not return before it is released, where that is what the word hold says.</summary>
    internal void Hold(string where)
    {
        if (_words.GetValueOrDefault("hold") == where)
        {
            Console.WriteLine($"holds {where}");
            Options.Release.Task.Wait();
            Console.WriteLine($"held {where}");
        }
    }
}
