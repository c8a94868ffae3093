namespace Prefork.Tool;

/// <summary>The files that lie beside the command, and run in its workers.</summary>
internal static class Installation
{
    /// <exception cref="UnusableProgramException">It is not there.</exception>
    internal static string Find(string name)
    {
        var path = Path.Combine(AppContext.BaseDirectory, name);
        return File.Exists(path) ? path : throw new UnusableProgramException($"This installation is damaged: {path} is missing. Install the tool again.");
    }
}
