namespace Prefork.Tool.Control;

/// <summary>
/// Folders that the environment names. Root may have been left with another user's environment (<c>sudo -E</c>): whoever owns a folder or a link on the way can
/// lead root's reading and writing elsewhere. So for root only those count on whose way all is root's; what is not there yet, root makes.
/// </summary>
internal static class GivenFolders
{
    private const string Home = "HOME";
    private const int MostLinks = 40;

    /// <summary>The folder that a variable of the XDG specification names; as it says, one that is relative counts for none. Null for one that does not count.</summary>
    internal static string? Of(string variable) => Named(variable) is { } path && Counts(path) ? path : null;

    /// <summary>This user's home folder, by passwd(5) where the environment's does not count; null when it is not there.</summary>
    internal static string? HomeFolder
    {
        get
        {
            var home = string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Home)) ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile)
                : Of(Home) ?? Users.HomeOf(Native.EffectiveUserId);
            return Directory.Exists(home) ? home : null;
        }
    }

    /// <summary>Which variables name another user's folder, and so do not count for root; null when there is none.</summary>
    internal static string? DescribeOthers()
    {
        // Where the state folder is given, nothing depends on the home folder.
        string[] variables = Of(ControlFolder.Variable) is null ? [ControlFolder.Variable, Home, RuntimeFolder.Variable] : [RuntimeFolder.Variable];
        var others = variables.Select(static variable => (Variable: variable, Path: Named(variable))).Where(static one => one.Path is not null && !Counts(one.Path)).Select(static one => $"{one.Variable} ({one.Path})").ToList();
        return others.Count == 0 ? null
            : $"root does not use {string.Join(" and ", others)}: another user could change where that leads. Root's applications, their logs and what is remembered of them are in {ControlFolder.State ?? RuntimeFolder.Place}. Another user's application is named USER/NAME.";
    }

    /// <summary>Whether each folder and link on the way to it, and itself, is root's. What is not there is nobody else's yet.</summary>
    internal static bool IsRoots(string path)
    {
        var rest = new Stack<string>(Parts(path).Reverse());
        var at = "/";
        try
        {
            for (var links = 0; rest.TryPop(out var name);)
            {
                var next = name == ".." ? Path.GetDirectoryName(at) ?? "/" : Path.Combine(at, name);
                var (owner, isLink) = Native.OwnerOf(next);
                if (owner != 0 && next != "/")
                {
                    return false;
                }

                if (!isLink)
                {
                    at = next;
                    continue;
                }

                if (++links > MostLinks || new FileInfo(next).LinkTarget is not { } target)
                {
                    return false;
                }

                at = Path.IsPathRooted(target) ? "/" : at;
                foreach (var part in Parts(target).Reverse())
                {
                    rest.Push(part);
                }
            }
        }
        catch (FileNotFoundException)
        {
            return true;
        }
        catch (IOException)
        {
            // A file system that does not let root look.
            return false;
        }

        return true;
    }

    private static bool Counts(string path) => Native.EffectiveUserId != 0 || IsRoots(path);

    /// <summary>As .NET understands it, wherever it is used: .. takes away what stands before it.</summary>
    private static string? Named(string variable) => Environment.GetEnvironmentVariable(variable) is { } path && Path.IsPathRooted(path) ? Path.GetFullPath(path) : null;

    private static IEnumerable<string> Parts(string path) => path.Split('/').Where(static part => part is not ("" or "."));
}
