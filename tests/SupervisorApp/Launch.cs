using Prefork;

namespace SupervisorApp;

/// <summary>What the next generation is to run: words that a test changes.</summary>
internal sealed class Launch
{
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
        settings.Exec = words["exec"];
        settings.Arguments = words.TryGetValue("args", out var arguments) && arguments.Length > 0 ? arguments.Split(',') : [];
        settings.WorkingDirectory = words.GetValueOrDefault("cwd");
        settings.Environment = words.Where(word => word.Key is not ("exec" or "args" or "cwd")).ToDictionary(word => word.Key, string? (word) => word.Value);
        if (words.GetValueOrDefault("refuse") is { Length: > 0 } why)
        {
            throw new InvalidOperationException(why);
        }
    }
}
