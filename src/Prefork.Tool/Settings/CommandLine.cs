namespace Prefork.Tool.Settings;

/// <summary>What <c>run</c> or <c>start</c> was told, which stays so; the file that it names does not.</summary>
/// <param name="Given">By options and arguments.</param>
/// <param name="File">The configuration file's full path; null for none.</param>
internal sealed record CommandLine(Given Given, string? File)
{
    /// <summary>For <c>run</c>: lines as JSON. For <c>start</c>: the result.</summary>
    internal bool Json { get; init; }

    /// <summary>Without a terminal: what it and its workers say goes to a file.</summary>
    internal bool IsBackground { get; init; }

    /// <summary>A name that has been settled; null for what is given, or the program's.</summary>
    internal string? Name { get; init; }

    /// <summary>What is to be remembered of an application in the background.</summary>
    internal Memory.RememberedApplication? Remembered { get; init; }

    /// <summary>The applications of the file, if it has several and none of them is meant: then all are.</summary>
    /// <exception cref="CommandException">The file cannot be used.</exception>
    internal IReadOnlyList<string>? Several()
        => File is not null && Given.Find(KnownSettings.Name) is null && Given.Find(KnownSettings.Program) is null ? ConfigurationFile.NamesIn(File) : null;

    /// <summary>What is to run, with the file as it is now. The command line goes before it.</summary>
    /// <exception cref="CommandException">The file cannot be used, or something is missing.</exception>
    internal RunOptions Read() => new(Given.Over(File is null ? Given.Nothing : ConfigurationFile.Read(File, Given.Get(KnownSettings.Name))), File);
}
