namespace Prefork.Processes;

/// <summary>A path without links, as realpath(3) has it.</summary>
internal static class RealPath
{
    /// <summary>Resolves every link on the way; what is not there stays as it is.</summary>
    internal static string Of(string path)
    {
        var full = Path.GetFullPath(path);
        var result = "/";
        foreach (var name in full.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var next = Path.Combine(result, name);
            try
            {
                // The final target is relative to where the link is, and may itself go through links.
                result = new FileInfo(next).LinkTarget is null ? next : Of(File.ResolveLinkTarget(next, returnFinalTarget: true)!.FullName);
            }
            catch (IOException)
            {
                // A circle, or nobody may look: whoever opens it says so.
                result = next;
            }
        }

        return result;
    }
}
